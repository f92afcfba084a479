"""Source table → samples of time series: regular grids, forecast windows, rolling features."""
