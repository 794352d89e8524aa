// SPDX-License-Identifier: MIT
/* See number.h. */
#include "format/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int number_parse(const char *value, uint64_t min, uint64_t max, uint64_t *number)
{
	static const char units[] = "KMG";
	char *end;
	uint64_t parsed;

	if (!isdigit((unsigned char)value[0]))
		return 1;
	errno = 0;
	parsed = strtoull(value, &end, 10);
	if (errno)
		return 1;
	if (*end) {
		const char *unit = strchr(units, toupper((unsigned char)*end));
		unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
		if (!unit || end[1] || parsed > UINT64_MAX >> shift)
			return 1;
		parsed <<= shift;
	}
	*number = parsed;
	return parsed < min || parsed > max;
}
