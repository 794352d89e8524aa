// SPDX-License-Identifier: MIT
/*
 * Rules about differences that are not to count: one a line, kept in a file that people review.
 *
 *   payload call=recv object="tcp-server* on :80"   # a nonce
 *   CLASS[,CLASS...] [call=GLOB] [object=GLOB] [field=GLOB] [thread=GLOB] [old=GLOB] [new=GLOB]
 *                    [values=A|B...] [range=LEAST..MOST] [times=MOST]
 *
 * `*` stands for every class. A rule applies when all that it says fits. What stands behind # is a remark.
 */
#ifndef IPCTRACE_READER_DIFF_RULE_H
#define IPCTRACE_READER_DIFF_RULE_H

#include "reader/difference.h"

enum { RULE_E_WRONG = 1 };

enum rule_part {
	RULE_CALL,
	RULE_OBJECT,
	RULE_FIELD,
	RULE_THREAD,
	RULE_OLD,
	RULE_NEW,
	RULE_VALUES,
	RULE_RANGE,
	RULE_TIMES,
	RULE_PARTS
};

struct diff_rule {
	uint32_t classes; /* a bit each */
	char *globs[RULE_PARTS];
	uint64_t used; /* differences it applied to */
	char *text;
};

struct diff_rules {
	struct diff_rule *rows;
	uint32_t count, room;
};

/* Adds the rule in `line`; nothing for an empty one. 0, -ENOMEM, or RULE_E_WRONG with what is wrong in `trouble`. */
int diff_rules_add(struct diff_rules *rules, const char *line, char *trouble, size_t size);

/* Adds the rules in the file at `path`. As diff_rules_add(), or -errno of reading. */
int diff_rules_read(struct diff_rules *rules, const char *path, char *trouble, size_t size);

/* The rule that says that `difference` does not count, or NULL. */
struct diff_rule *diff_rules_find(struct diff_rules *rules, const struct difference *difference);

/* "removed,leak" as bits; 0 when there is an unknown word, then in `word`. */
uint32_t classes_parse(const char *text, char *word, size_t size);

void diff_rules_free(struct diff_rules *rules);

#endif
