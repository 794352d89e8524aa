// SPDX-License-Identifier: MIT
/*
 * A comparison as text for people, as JSON Lines, as Markdown and as JUnit XML. Decides nothing.
 */
#ifndef IPCTRACE_READER_DIFF_SHOW_H
#define IPCTRACE_READER_DIFF_SHOW_H

#include "reader/verdict.h"

struct show_style {
	bool color;
	uint32_t limit; /* differences that are shown in full */
	bool quiet;	/* the verdict alone */
};

void show_text(const struct comparison *comparison, const struct verdict *verdict, const struct show_style *style,
	       struct text *out);
void show_markdown(const struct comparison *comparison, const struct verdict *verdict, const struct show_style *style,
		   struct text *out);
void show_json(const struct comparison *comparison, const struct verdict *verdict, struct text *out);
void show_junit(const struct comparison *comparison, const struct verdict *verdict, struct text *out);

/* "same: ...", one line without its end. */
void show_verdict(const struct comparison *comparison, const struct verdict *verdict, struct text *out);

/* "arguments of send: sockfd tcp-client#0 -> tcp-client#1", without an end of line. */
void show_headline(const struct difference *difference, struct text *out);

#endif
