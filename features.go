package mmibx

// FeatureJob asks a worker to turn a folder of pictures into a feature file: one
// JSON value on its standard input. It answers with FeatureReports, a line each
// on its standard output; the last one says that the file is there.
type FeatureJob struct {
	Folder  string `json:"folder"`
	Encoder string `json:"encoder"` // one of PictureEncoders
	Out     string `json:"out"`
	Device  string `json:"device"`
	Threads int    `json:"threads"` // 0: as many as the machine has
}

// FeatureReport says how far a FeatureJob is.
type FeatureReport struct {
	Done  int `json:"done"` // pictures
	Total int `json:"total"`
	Rows  int `json:"rows,omitempty"` // per picture; set in the last report
	Width int `json:"width,omitempty"`
}
