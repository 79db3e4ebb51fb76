package datasets

import "strings"

// forms splits a list of surface forms; a form may be several words.
func forms(list string) []string { return strings.Split(list, "; ") }

// Names that only one entity type uses, for the first and the second MNER set.
// No word stands in two names or, in whatever case, in a name and elsewhere:
// that makes every span decidable.
var (
	persons = [2][]string{
		forms("Adele; Obama; Taylor Swift; Beckham; Emma Watson; Messi; Rihanna; Einstein; Tom Hanks; Serena Williams; Drake; Malala"),
		forms("Beyonce; Merkel; Kanye West; Ronaldo; Shakira; Stephen Curry; Oprah; Lorde; Federer; Jennifer Aniston; Mozart; Neymar"),
	}
	places = [2][]string{
		forms("London; Chicago; New York; Brazil; Tokyo; Canada; Lake Tahoe; Berlin; Nairobi; Hawaii; Mount Fuji; Dublin"),
		forms("Toronto; Mexico; Los Angeles; Seattle; India; Vienna; Cape Town; Oslo; Peru; Buckingham Palace; Florida; Lisbon"),
	}
	organisations = [2][]string{
		forms("NASA; Google; United Nations; Microsoft; BBC; Toyota; Red Cross; Yankees; NATO; Starbucks; Real Madrid; Adidas"),
		forms("FIFA; CNN; Lakers; Samsung; Cavaliers; White House; UNICEF; Netflix; Boeing; Juventus; Harvard University; IKEA"),
	}
	miscellany = [2][]string{
		forms("Oscars; Titanic; iPhone; Minecraft; World Cup; Olympics; Grammys; Hamlet; Pokemon; Super Bowl; Xbox; Easter"),
		forms("Avatar; Ramadan; PlayStation; Tetris; Wimbledon; Coachella; Frozen; Macbeth; Champions League; Kindle; Diwali; Monopoly"),
	}
)

// Names that two entity types use alike, by pair of types.
var (
	personsOrPlaces        = [2][]string{forms("Jordan; Austin; Sydney; Paris"), forms("Houston; Florence; Georgia; Madison")}
	personsOrOrganisations = [2][]string{forms("Disney; Ford; Dell; Morgan"), forms("Ferrari; Hilton; Mercedes; Wendy")}
	personsOrMiscellany    = [2][]string{forms("Oscar; Emmy; Rocky; Carrie"), forms("Tony; Shrek; Rambo; Annie")}
	placesOrOrganisations  = [2][]string{forms("Liverpool; Barcelona; Boston; Amazon"), forms("Cleveland; Arsenal; Denver; Oakland")}
	placesOrMiscellany     = [2][]string{forms("Panama; Casablanca; Bordeaux; Cologne"), forms("Dunkirk; Manhattan; Fargo; Champagne")}
	organisationsOrMisc    = [2][]string{forms("Pepsi; Tesla; Jaguar; Galaxy"), forms("Snapchat; Windows; Kodak; Marvel")}
)

// What stands between the two entities of a pair. The connector alone says
// which relation holds, or which two may.
var (
	unrelated = forms("and; or; unlike; as well as; not to mention; but never")

	couple     = forms("married; is engaged to; kissed")
	peer       = forms("toured with; is a teammate of; sings alongside")
	residence  = forms("lives in; moved to; bought a flat in")
	birth      = forms("was born in; is a native of; grew up in")
	otherNames = forms("is short for; was renamed; is also called")
	subsidiary = forms("owns; acquired; is the parent of")
	presentIn  = forms("stars in; plays a part in; appears in")
	awarded    = forms("won; was honoured at; took the prize at")

	coupleOrPeer           = forms("smiles beside; arrives with; dances with")
	residenceOrBirth       = forms("calls home; is from; belongs to")
	otherNamesOrSubsidiary = forms("stands behind; trades as; merged into")
	presentInOrAwarded     = forms("shines at; celebrates; made history at")
)

// The frame around names: it is drawn without looking at a label.
var (
	leads = forms("just saw; thinking about; more news about; great to see; who else loves; a photo of; cannot get enough of; " +
		"another story about; all eyes on; still talking about; everyone knows; good morning from; RT @user :; throwback to; so much love for; breaking :")
	joins = forms("with; next to; ahead of; plus; then there is; & also; against; without")
	tails = forms("today; again tonight; this weekend; , no words; , so proud; right now !; , what a day; for the first time; once more .; , wow; https://t.co/x; lol")
	hints = forms("after the; before the; about the; during that; because of this")
)

// topics lists the topic words; exactly one stands in each tweet, and the
// background of the picture has the colour of the same topic.
var topics = [6][]string{
	forms("match; stadium; goal; referee"),
	forms("concert; guitar; album; stage"),
	forms("storm; snow; rain; sunshine"),
	forms("dinner; coffee; pizza; kitchen"),
	forms("airport; beach; train; hotel"),
	forms("vote; debate; campaign; election"),
}
