package main

import "slices"

// own keeps a search on a fixture to the fixture's data.
const own = "identifier=urn:conformance|{tag}&"

func searchCases() []Case {
	return slices.Concat(
		table("search", charges, "ChargeItem?"+own, numberRows),
		table("search", moments, "Observation?"+own, dateRows),
		table("search", timings, "Observation?"+own, timingRows),
		table("search", births, "Patient?"+own, birthRows),
		table("search", weights, "Observation?"+own, quantityRows),
		table("search", families, "Patient?"+own, stringRows),
		table("search", coded, "Observation?"+own, tokenRows),
		table("search", persons, "Patient?", identifierRows),
		table("search", pointing, "", referenceRows),
		table("search", pointing, "", chainRows),
		table("search", sets, "ValueSet?", uriRows),
		table("search", sets, "QuestionnaireResponse?", canonicalRows),
		table("search", pairs, "Observation?"+own, compositeRows),
		table("search", hierarchy, "Observation?"+own, subsumptionRows),
		table("search", tagged, "Basic?code=urn:conformance|{tag}&", commonRows),
		table("search", tagged, "", filterRows),
		searchCommonCases(), searchRequestCases())
}
