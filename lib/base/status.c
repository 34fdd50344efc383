/* The names of the statuses, from the one list. */
#include "adit/status.h"

#define STATUS_NAME(name) #name,

const char *
adit_status_name(enum adit_status st)
{
	static const char *const names[ADIT_STATUS_COUNT] = {ADIT_STATUS_LIST(STATUS_NAME)};

	if ((unsigned)st >= ADIT_STATUS_COUNT)
		return "?";
	return names[st];
}
