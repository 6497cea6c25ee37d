"""Finding contracts by what a person says or reads out."""
