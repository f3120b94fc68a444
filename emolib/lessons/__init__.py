"""What only chapters use: demonstrations, pictures and tables of one lesson each."""
