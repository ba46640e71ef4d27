package rocketchat

// The names of the routes that are asked for numbers: the last part of the path.
const (
	TotalAbandonedChats = "total-abandoned-chats"
	AmountOfChats       = "amount-of-chats"
	DepartmentRoute     = "department"
)
