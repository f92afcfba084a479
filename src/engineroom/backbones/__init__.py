"""FORWARD: one file per backbone. A backbone says which layouts it takes and builds a module Signal → Features."""
