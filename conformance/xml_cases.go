package main

func xmlCases() []Case { return nil }
