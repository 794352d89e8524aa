// SPDX-License-Identifier: MIT
/* See trouble.h. */
#include "format/trouble.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* Control bytes take up to four. */
static void line_escape(char line[4 * TROUBLE_MAX], const char *text)
{
	char *to = line;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte >= ' ' && byte != 0x7f)
			*to++ = *text;
		else if (byte == '\n' || byte == '\t' || byte == '\r')
			to += sprintf(to, "\\%c", byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r');
		else
			to += sprintf(to, "\\%03o", byte);
	}
	*to = '\0';
}

void trouble_say(const char *format, ...)
{
	char text[TROUBLE_MAX], line[4 * TROUBLE_MAX];
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	line_escape(line, text);
	fprintf(stderr, "%s\n", line);
	errno = error;
}
