"""What goes on inside a network: views of its layers, each for the networks that have such layers."""
