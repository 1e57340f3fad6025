package fhirpath

// atom is a unit of UCUM: factor times a unit expression of other atoms. A
// base unit has none. Metric ones take prefixes.
type atom struct {
	factor string
	unit   string
	metric bool
}

// prefixes are UCUM table 1.
var prefixes = map[string]string{
	"Y": "1e24", "Z": "1e21", "E": "1e18", "P": "1e15", "T": "1e12", "G": "1e9", "M": "1e6", "k": "1e3", "h": "100", "da": "10",
	"d": "1e-1", "c": "1e-2", "m": "1e-3", "u": "1e-6", "n": "1e-9", "p": "1e-12", "f": "1e-15", "a": "1e-18", "z": "1e-21", "y": "1e-24",
	"Ki": "1024", "Mi": "1048576", "Gi": "1073741824", "Ti": "1099511627776",
}

// scales are the temperature units that do not start at zero.
var scales = map[string]struct{ num, add string }{
	"Cel":     {"1", "273.15"},
	"[degF]":  {"5/9", "45967/180"},
	"[degRe]": {"5/4", "273.15"},
}

// atoms are the units of UCUM in common use in care and in claims: base and
// SI units, time, customary length, mass, volume and pressure, laboratory and
// arbitrary units. Arbitrary units are dimensions of their own: they convert
// into nothing but their multiples.
//
// https://ucum.org/ucum#section-Tables-of-Terminal-Symbols
var atoms = map[string]atom{
	// base units
	"m": {metric: true}, "s": {metric: true}, "g": {metric: true}, "rad": {metric: true}, "K": {metric: true}, "C": {metric: true}, "cd": {metric: true},

	// numbers
	"%": {"1e-2", "1", false}, "[ppth]": {"1e-3", "1", false}, "[ppm]": {"1e-6", "1", false}, "[ppb]": {"1e-9", "1", false}, "[pptr]": {"1e-12", "1", false},
	"mol": {"6.0221367e23", "1", true}, "[pi]": {"3.1415926535897932384626433832795028841971693993751058209749445923", "1", false},

	// SI and units used with it
	"sr": {"1", "rad2", true}, "Hz": {"1", "s-1", true}, "N": {"1", "kg.m/s2", true}, "Pa": {"1", "N/m2", true}, "J": {"1", "N.m", true}, "W": {"1", "J/s", true},
	"A": {"1", "C/s", true}, "V": {"1", "J/C", true}, "F": {"1", "C/V", true}, "Ohm": {"1", "V/A", true}, "S": {"1", "A/V", true}, "Wb": {"1", "V.s", true},
	"T": {"1", "Wb/m2", true}, "H": {"1", "Wb/A", true}, "lm": {"1", "cd.sr", true}, "lx": {"1", "lm/m2", true}, "Bq": {"1", "s-1", true}, "Gy": {"1", "J/kg", true},
	"Sv": {"1", "J/kg", true}, "gon": {"0.9", "deg", false}, "deg": {"2", "[pi].rad/360", false}, "'": {"1", "deg/60", false}, "''": {"1", "deg/3600", false},
	"l": {"1", "dm3", true}, "L": {"1", "dm3", true}, "ar": {"100", "m2", true}, "t": {"1e3", "kg", true}, "bar": {"1e5", "Pa", true}, "u": {"1.6605402e-24", "g", true},
	"eV": {"1.60217733e-19", "J", true}, "kat": {"1", "mol/s", true}, "U": {"1", "umol/min", true}, "dyn": {"1", "g.cm/s2", true}, "erg": {"1", "dyn.cm", true},
	"P": {"1", "dyn.s/cm2", true}, "St": {"1", "cm2/s", true}, "Ci": {"3.7e10", "Bq", true}, "RAD": {"100", "erg/g", true}, "REM": {"1", "RAD", true}, "R": {"2.58e-4", "C/kg", true},
	"g%": {"1", "g/dl", true}, "gf": {"9.80665", "g.m/s2", true}, "[g]": {"9.80665", "m/s2", true}, "atm": {"101325", "Pa", false}, "cal": {"4.184", "J", true},
	"cal_th": {"4.184", "J", true}, "cal_IT": {"4.1868", "J", true}, "[Cal]": {"1", "kcal_th", false}, "kcal_th": {"4184", "J", false},

	// time
	"min": {"60", "s", false}, "h": {"60", "min", false}, "d": {"24", "h", false}, "wk": {"7", "d", false}, "a": {"1", "a_j", false},
	"a_j": {"365.25", "d", false}, "a_g": {"365.2425", "d", false}, "a_t": {"365.24219", "d", false}, "mo": {"1", "mo_j", false}, "mo_j": {"1", "a_j/12", false},
	"mo_g": {"1", "a_g/12", false}, "mo_s": {"29.53059", "d", false},

	// customary length, area and volume
	"[in_i]": {"2.54", "cm", false}, "[ft_i]": {"12", "[in_i]", false}, "[yd_i]": {"3", "[ft_i]", false}, "[mi_i]": {"5280", "[ft_i]", false}, "[nmi_i]": {"1852", "m", false},
	"[kn_i]": {"1", "[nmi_i]/h", false}, "[mil_i]": {"1e-3", "[in_i]", false}, "[sin_i]": {"1", "[in_i]2", false}, "[sft_i]": {"1", "[ft_i]2", false}, "[syd_i]": {"1", "[yd_i]2", false},
	"[cin_i]": {"1", "[in_i]3", false}, "[cft_i]": {"1", "[ft_i]3", false}, "[cyd_i]": {"1", "[yd_i]3", false}, "[hd_i]": {"4", "[in_i]", false},
	"[gal_us]": {"231", "[in_i]3", false}, "[qt_us]": {"1", "[gal_us]/4", false}, "[pt_us]": {"1", "[qt_us]/2", false}, "[gil_us]": {"1", "[pt_us]/4", false},
	"[foz_us]": {"1", "[gil_us]/4", false}, "[fdr_us]": {"1", "[foz_us]/8", false}, "[min_us]": {"1", "[fdr_us]/60", false}, "[cup_us]": {"16", "[tbs_us]", false},
	"[tbs_us]": {"1", "[foz_us]/2", false}, "[tsp_us]": {"1", "[tbs_us]/3", false}, "[cup_m]": {"240", "ml", false}, "[tbs_m]": {"15", "ml", false}, "[tsp_m]": {"5", "ml", false},
	"[foz_m]": {"30", "ml", false}, "[gal_br]": {"4.54609", "l", false}, "[pt_br]": {"1", "[gal_br]/8", false}, "[foz_br]": {"1", "[pt_br]/20", false}, "[drp]": {"1", "ml/20", false},
	"[acr_us]": {"4046.872609874252", "m2", false}, "[Ch]": {"1", "mm/3", false}, "[diop]": {"1", "/m", false},

	// customary mass, force, pressure, temperature
	"[gr]": {"64.79891", "mg", false}, "[lb_av]": {"7000", "[gr]", false}, "[oz_av]": {"1", "[lb_av]/16", false}, "[dr_av]": {"1", "[oz_av]/16", false}, "[stone_av]": {"14", "[lb_av]", false},
	"[scwt_av]": {"100", "[lb_av]", false}, "[ston_av]": {"2000", "[lb_av]", false}, "[lton_av]": {"2240", "[lb_av]", false}, "[oz_tr]": {"480", "[gr]", false}, "[lb_tr]": {"12", "[oz_tr]", false},
	"[pwt_tr]": {"24", "[gr]", false}, "[sc_ap]": {"20", "[gr]", false}, "[dr_ap]": {"3", "[sc_ap]", false}, "[oz_ap]": {"8", "[dr_ap]", false}, "[lb_ap]": {"12", "[oz_ap]", false},
	"[car_m]": {"0.2", "g", false}, "[lbf_av]": {"1", "[lb_av].[g]", false}, "[psi]": {"1", "[lbf_av]/[in_i]2", false}, "[degR]": {"5/9", "K", false},
	"m[Hg]": {"133.3220", "kPa", true}, "m[H2O]": {"9.80665", "kPa", true}, "[in_i'Hg]": {"2.54", "cm[Hg]", false}, "[in_i'H2O]": {"2.54", "cm[H2O]", false},
	"[Btu_IT]": {"1.05505585262", "kJ", false}, "[HP]": {"550", "[ft_i].[lbf_av]/s", false},

	// laboratory
	"eq": {"1", "mol", true}, "osm": {"1", "mol", true}, "[APL'U]": {}, "[GPL'U]": {}, "[MPL'U]": {}, "[arb'U]": {}, "[iU]": {metric: true}, "[IU]": {"1", "[iU]", true}, "[USP'U]": {},
	"[HPF]": {"1", "1", false}, "[LPF]": {"100", "1", false}, "[CFU]": {}, "[FFU]": {}, "[PFU]": {}, "[TCID_50]": {}, "[CCID_50]": {}, "[EID_50]": {}, "[BAU]": {}, "[AU]": {}, "[Amb'a'1'U]": {},
	"[anti'Xa'U]": {}, "[beth'U]": {}, "[bdsk'U]": {}, "[D'ag'U]": {}, "[ELU]": {}, "[EU]": {}, "[FEU]": {}, "[dye'U]": {}, "[ka'U]": {}, "[knk'U]": {}, "[Lf]": {}, "[mclg'U]": {},
	"[PNU]": {}, "[smgy'U]": {}, "[tb'U]": {}, "[todd'U]": {}, "[HP'_X]": {}, "[PRU]": {}, "[MET]": {"3.5", "mL/min/kg", false}, "[S]": {"1e-13", "s", false}, "[hnsf'U]": {},
	"[pH]": {}, "[CAE]": {}, "[hp'_X]": {}, "[m/s2/Hz^0.5]": {},

	// information, prints and levels
	"bit": {"1", "1", true}, "By": {"8", "bit", true}, "Bd": {"1", "/s", true}, "B": {metric: true}, "Np": {metric: true}, "[pnt]": {"1", "[in_i]/72", false},
}
