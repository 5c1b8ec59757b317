"""Use cases: the only room that opens transactions. Doors write wishes, one road acts."""
