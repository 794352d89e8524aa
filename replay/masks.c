// SPDX-License-Identifier: MIT
/*
 * See masks.h. Dates and numbers are found by reader/canon_mask.h, as everywhere else.
 */
#include "replay/masks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What clients draw by lot for each request. */
static const char *const builtin[] = {
	"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
	"[Cc]ookie: ([^\r\n]*)",
	"[Xx]-[Rr]equest-[Ii][Dd]: ([^\r\n]*)",
	"[Tt]raceparent: ([^\r\n]*)",
	"[Ii]dempotency-[Kk]ey: ([^\r\n]*)",
	"[Ss]ec-[Ww]eb[Ss]ocket-[Kk]ey: ([^\r\n]*)",
	"boundary=([-_0-9A-Za-z]+)",
	"-----*[-_0-9A-Za-z]{12,70}",
};

int masks_add(struct masks *masks, const char *expression, char *trouble, size_t size)
{
	regex_t *rules = reallocarray(masks->rules, masks->count + 1, sizeof(*rules));
	int rc;

	if (!rules)
		return -ENOMEM;
	masks->rules = rules;
	rc = regcomp(&rules[masks->count], expression, REG_EXTENDED);
	if (rc) {
		regerror(rc, &rules[masks->count], trouble, size);
		return 1;
	}
	masks->count++;
	return 0;
}

int masks_prepare(struct masks *masks, uint64_t second)
{
	char trouble[80];

	*masks = (struct masks){0};
	masks->numbers[MASKS_RECORDED].second = second;
	masks->numbers[MASKS_LIVE].second = (uint64_t)time(NULL);
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++)
		if (masks_add(masks, builtin[i], trouble, sizeof(trouble)))
			return -ENOMEM;
	return 0;
}

void masks_free(struct masks *masks)
{
	for (uint32_t i = 0; i < masks->count; i++)
		regfree(&masks->rules[i]);
	free(masks->rules);
	mask_clear(&masks->numbers[MASKS_RECORDED]);
	mask_clear(&masks->numbers[MASKS_LIVE]);
	*masks = (struct masks){0};
}

/* One rule over all of `from`, into the empty `to`. */
static void rule_apply(const regex_t *rule, struct text *from, struct text *to)
{
	const char *bytes = text_string(from);
	size_t at = 0;

	while (at < from->size && !from->failed) {
		regmatch_t found[2] = {{(regoff_t)at, (regoff_t)from->size}, {-1, -1}};
		const regmatch_t *part;
		if (regexec(rule, bytes, 2, found, REG_STARTEND | (at ? REG_NOTBOL : 0)))
			break;
		part = found[1].rm_so >= 0 ? &found[1] : &found[0];
		if ((size_t)found[0].rm_eo <= at)
			break;
		text_add(to, from->bytes + at, (size_t)part->rm_so - at);
		text_put(to, "<masked>");
		at = (size_t)part->rm_eo;
	}
	text_add(to, from->bytes + at, from->size - at);
}

void masks_apply(const struct masks *masks, enum masks_side side, const char *bytes, size_t size, struct text *out)
{
	struct text texts[2] = {{0}, {0}};
	unsigned now = 0;

	text_add(&texts[0], bytes, size);
	for (uint32_t i = 0; i < masks->count && texts[now].size; i++) {
		texts[!now].size = 0;
		rule_apply(&masks->rules[i], &texts[now], &texts[!now]);
		now = !now;
	}
	mask_bytes(&masks->numbers[side], (const uint8_t *)texts[now].bytes, texts[now].size, out);
	out->failed |= texts[0].failed || texts[1].failed;
	text_free(&texts[0]);
	text_free(&texts[1]);
}
