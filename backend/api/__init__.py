"""HTTP in: parse, call one service method, dump. Decides nothing about events, links or people."""
