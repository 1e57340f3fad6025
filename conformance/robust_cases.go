package main

func robustCases() []Case { return nil }
