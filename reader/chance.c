// SPDX-License-Identifier: MIT
/*
 * The looks of chance.
 */
#include "reader/chance.h"
#include "reader/canon_mask.h"
#include "reader/chance_address.h"
#include "reader/chance_identifier.h"
#include "reader/chance_seed.h"

#include <stdlib.h>
#include <string.h>

/* Identifiers in payload are at least so long. */
#define IDENTIFIER_MIN 16u
/* Digests. */
#define DIGEST_MIN 16u
/* Of a payload of which more is unknown: so much must be there, and from the first difference on differ. */
#define KEPT_MIN     48u
#define DIFFERING_OF 10u
#define DIFFERING    3u
#define NEAR_SECONDS (2u * 24 * 3600)
/* Differences with smaller gaps between them are one. */
#define SPOT_GAP 3u
/* So near behind a time there may be its parts, or what it belongs to. */
#define BEHIND_MAX 16u
/* The least that is a page of memory. */
#define PAGE_MIN 4096u
/* Of a word that has nothing to do with the one in its place so many bytes differ at least. */
#define WORD_DIFFERENT 3u

static bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static uint32_t first_different(const struct contents *contents)
{
	uint32_t at = 0;

	while (at < contents->old_size && at < contents->new_size && contents->old[at] == contents->new[at])
		at++;
	return at;
}

/* Of two words of one length drawn by lot it is enough that one looks so. */
static bool words_are_chance(const uint8_t *old, size_t old_length, const uint8_t *new, size_t new_length)
{
	bool old_looks = word_is_chance(old, old_length), new_looks = word_is_chance(new, new_length);

	return (old_looks && new_looks) || (old_length == new_length && (old_looks || new_looks));
}

/* Whether the word at `begin` is part of a path of which something before it is called tmp: "/tmp/log.Xy4f9Z". */
static bool is_in_temporary(const uint8_t *bytes, uint32_t begin)
{
	uint32_t from = begin;

	while (from && bytes[from - 1] > ' ' && bytes[from - 1] < 0x7f && bytes[from - 1] != '"')
		from--;
	return memmem(bytes + from, begin - from, "tmp", 3) != NULL;
}

/* Names of temporary files are short, six letters and digits at least; elsewhere that may be any word. */
static bool is_other_identifier(const struct contents *contents, uint32_t begin, uint32_t end)
{
	const uint8_t *old = contents->old + begin, *new = contents->new + begin;
	uint32_t size = end - begin;

	if (is_in_temporary(contents->old, begin))
		return words_are_chance(old, size, new, size);
	return size >= IDENTIFIER_MIN && word_is_chance(old, size) && word_is_chance(new, size);
}

/* All differences lie in words that look drawn by lot on both sides. */
static bool has_other_identifiers(const struct contents *contents)
{
	uint32_t size = contents->old_size;

	if (contents->is_cut || size != contents->new_size)
		return false;
	for (uint32_t i = 0; i < size;) {
		uint32_t begin = i, end;
		if (contents->old[i] == contents->new[i]) {
			i++;
			continue;
		}
		end = uuid_end(contents->old, size, i);
		if (end && end == uuid_end(contents->new, size, i)) {
			i = end;
			continue;
		}
		while (begin && is_word(contents->old[begin - 1]) && is_word(contents->new[begin - 1]))
			begin--;
		for (end = i; end < size && is_word(contents->old[end]) && is_word(contents->new[end]); end++)
			;
		if (!is_other_identifier(contents, begin, end))
			return false;
		i = end;
	}
	return true;
}

static bool is_digest(const struct contents *contents)
{
	uint32_t size = contents->old_size, plain = 0;

	if (contents->is_cut || size != contents->new_size || size < DIGEST_MIN || size > 64)
		return false;
	for (uint32_t i = 0; i < size; i++)
		plain += contents->old[i] >= ' ' && contents->old[i] < 0x7f;
	return plain < size / 4 * 3 && contents_count_different(contents, 0) > size / 8 * 7;
}

/* Much of what is known of it differs, and the whole has the same length. */
static bool is_other_throughout(const struct contents *contents)
{
	uint32_t shared = contents->old_size < contents->new_size ? contents->old_size : contents->new_size;
	uint32_t from = first_different(contents);

	return contents->is_cut && contents->is_equally_long && shared >= KEPT_MIN && from < shared &&
	       contents_count_different(contents, from) * DIFFERING_OF > (shared - from) * DIFFERING;
}

static uint32_t read_big(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t read_little(const uint8_t *bytes, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, bytes, size);
	return word;
}

static bool is_near(uint64_t second, uint64_t now)
{
	return now && second + NEAR_SECONDS > now && second < now + NEAR_SECONDS;
}

/* From 1970 to 2000, which is where some clocks begin. */
#define YEARS_30 946684800ull

/* Whether there is a time of the run at `bytes`, in seconds, or in parts of them. */
static bool is_time(const uint8_t *bytes, uint32_t room, uint64_t now)
{
	if (room >= 4 && (is_near(read_big(bytes), now) || is_near(read_little(bytes, 4), now)))
		return true;
	if (is_near(uuid_second(bytes, room), now))
		return true;
	if (room < 8)
		return false;
	uint64_t word = read_little(bytes, 8);
	return is_near(word / 1000, now) || is_near(word / 1000000, now) || is_near(word / 1000000000, now) ||
	       is_near(word / 1000000 + YEARS_30, now);
}

static bool is_pid(const uint8_t *bytes, uint32_t room, const struct map *pids)
{
	if (!pids || room < 4)
		return false;
	uint32_t big = read_big(bytes), little = (uint32_t)read_little(bytes, 4);
	return (big > 300 && map_get(pids, big)) || (little > 300 && map_get(pids, little));
}

/* A port that the kernel chose, as it stands in addresses. */
static bool is_port(const uint8_t *bytes, uint32_t room, const struct map *ports)
{
	return ports && room >= 2 && (uintptr_t)map_get(ports, (uint64_t)bytes[0] << 8 | bytes[1]) == 1;
}

/* A place where contents differ, with small gaps: bytes [from, to), of which `different` do. */
struct spot {
	uint32_t from, to, different;
};

static bool next_spot(const struct contents *contents, uint32_t size, struct spot *spot)
{
	uint32_t at = spot->to;

	while (at < size && contents->old[at] == contents->new[at])
		at++;
	*spot = (struct spot){at, at, 0};
	for (; at < size && at < spot->to + SPOT_GAP; at++) {
		if (contents->old[at] == contents->new[at])
			continue;
		spot->to = at + 1;
		spot->different++;
	}
	return spot->from < size;
}

/* In more than this seeds are not looked for: each byte would be tried in many ways. */
#define SEEDED_MAX 4096u

/* On both sides there is a word that is a time mixed with a pid. */
static bool is_seed(const struct contents *contents, uint32_t at)
{
	struct seed_source sources[2];
	uint32_t words[2];

	if (contents->old_size > SEEDED_MAX)
		return false;
	for (unsigned side = 0; side < 2; side++)
		sources[side] =
			(struct seed_source){contents->seconds[side], contents->said[side], contents->pids[side]};
	words[0] = (uint32_t)read_little(contents->old + at, 4);
	words[1] = (uint32_t)read_little(contents->new + at, 4);
	return words_are_seeds(words, sources);
}

/* There is a number of the run on both sides: a time, a pid, a port, or what was made of them. */
static bool is_number_of_run(const struct contents *contents, uint32_t size, const struct spot *spot)
{
	for (uint32_t at = spot->from > 7 ? spot->from - 7 : 0; at < spot->to; at++) {
		const uint8_t *old = contents->old + at, *new = contents->new + at;
		if (is_time(old, size - at, contents->seconds[0]) && is_time(new, size - at, contents->seconds[1]))
			return true;
		if (at <= spot->from && at + 2 >= spot->to && is_port(old, size - at, contents->ports[0]) &&
		    is_port(new, size - at, contents->ports[1]))
			return true;
		if (at + 4 <= spot->from || size - at < 4)
			continue;
		if (is_pid(old, size - at, contents->pids[0]) && is_pid(new, size - at, contents->pids[1]))
			return true;
		if (is_seed(contents, at))
			return true;
	}
	return false;
}

static bool is_text(const uint8_t *bytes, const struct spot *spot)
{
	for (uint32_t i = spot->from; i < spot->to; i++)
		if ((bytes[i] < ' ' && !strchr("\t\r\n", bytes[i])) || bytes[i] > '~' || !bytes[i])
			return false;
	return true;
}

/* What was drawn by lot is no text, nor a small number. */
static bool is_drawn(const uint8_t *bytes, const struct spot *spot)
{
	uint32_t zeros = 0, letters = 0;

	for (uint32_t i = spot->from; i < spot->to; i++) {
		zeros += !bytes[i];
		letters += bytes[i] >= ' ' && bytes[i] <= '~';
	}
	return !is_text(bytes, spot) && zeros <= spot->different / 4 && letters <= (spot->to - spot->from) * 3 / 4;
}

/* A word that is drawn is all of characters once in fifty times: then it is enough that the other one is not. */
#define DRAWN_WORD 4u

static bool are_drawn(const struct contents *contents, const struct spot *spot)
{
	bool old = is_drawn(contents->old, spot), new = is_drawn(contents->new, spot);

	if (spot->to - spot->from <= DRAWN_WORD && old != new)
		return is_text(old ? contents->new : contents->old, spot);
	return old && new;
}

/* What is there on one side is there on the other one, too, in another order: that was not drawn. */
static bool has_same_bytes(const struct contents *contents, const struct spot *spot)
{
	int32_t counts[256] = {0};
	bool is_same = true;

	for (uint32_t i = spot->from; i < spot->to; i++) {
		counts[contents->old[i]]++;
		counts[contents->new[i]]--;
	}
	for (unsigned i = 0; i < 256; i++)
		is_same &= !counts[i];
	return is_same;
}

/*
 * Wherever something differs there is a number of the run, or what may depend on it: right behind it, or a whole word,
 * as a checksum would. One other byte elsewhere is none of it, but for pages of a journal, which are written as they
 * lie in memory, with whatever is between the records.
 */
static bool has_numbers_of_run(const struct contents *contents)
{
	uint32_t size = contents->old_size < contents->new_size ? contents->old_size : contents->new_size;
	struct spot spot = {0, 0, 0};
	uint32_t explained = 0; /* where the last explained one ended */
	uint32_t own = 0, others = 0;

	if (!contents->is_equally_long)
		return false;
	while (next_spot(contents, size, &spot)) {
		bool is_own = is_number_of_run(contents, size, &spot);
		bool is_behind = explained && spot.from < explained + BEHIND_MAX;
		own += is_own;
		if (is_own || is_behind || spot.different >= WORD_DIFFERENT)
			explained = spot.to;
		else
			others++;
	}
	return own && (!others || size >= PAGE_MIN);
}

/* Whole words differ, and each looks drawn by lot. */
static bool has_drawn_words(const struct contents *contents)
{
	uint32_t size = contents->old_size < contents->new_size ? contents->old_size : contents->new_size;
	struct spot spot = {0, 0, 0};
	uint32_t spots = 0, words = 0, own = 0;

	if (!contents->is_equally_long || contents->is_cut)
		return false;
	for (; next_spot(contents, size, &spot); spots++) {
		words += spot.different >= WORD_DIFFERENT && are_drawn(contents, &spot) &&
			 !has_same_bytes(contents, &spot);
		own += is_number_of_run(contents, size, &spot);
	}
	return spots && words == spots && !own;
}

static const struct chance *judge_looks(const struct contents *contents)
{
	static const struct {
		bool (*applies)(const struct contents *contents);
		struct chance chance;
	} looks[] = {
		{has_numbers_of_run, {"a time, pid or port of the run and what goes with it", false}},
		{has_drawn_words, {"words drawn by lot", true}},
		{has_other_identifiers, {"identifiers drawn by lot", true}},
		{contents_have_drawn_strings, {"strings drawn by lot", true}},
		{contents_are_reordered, {"the same bytes in another order", false}},
		{is_digest, {"a digest or random bytes", true}},
		{is_other_throughout, {"as long, but other throughout: drawn by lot or in another order", true}},
	};

	for (unsigned i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (looks[i].applies(contents))
			return &looks[i].chance;
	return NULL;
}

/* Addresses, and with them what else may differ. */
static const struct chance *judge_addresses(const struct contents *contents)
{
	static const struct chance addresses = {"addresses", true},
				   others = {"addresses, and what else is other in every run", true};
	uint8_t *equal = malloc(contents->new_size + 1ull);
	struct contents rest = *contents;
	const struct chance *chance = NULL;

	rest.new = equal;
	if (equal && contents_equal_addresses(contents, equal))
		chance = !contents_count_different(&rest, 0) ? &addresses : judge_looks(&rest) ? &others : NULL;
	free(equal);
	return chance;
}

const struct chance *contents_chance(const struct contents *contents)
{
	if (contents_are_swapped(contents))
		return NULL;
	const struct chance *chance = judge_addresses(contents);
	return chance ? chance : judge_looks(contents);
}

static uint32_t skip_digits(const uint8_t *bytes, uint32_t size, uint32_t at)
{
	while (at < size && bytes[at] >= '0' && bytes[at] <= '9')
		at++;
	return at;
}

bool contents_are_counted(const struct contents *contents)
{
	uint32_t old = 0, new = 0;

	while (!contents->is_cut && old < contents->old_size && new < contents->new_size) {
		uint32_t old_end = skip_digits(contents->old, contents->old_size, old);
		uint32_t new_end = skip_digits(contents->new, contents->new_size, new);
		if ((old_end > old) != (new_end > new) || (old_end == old && contents->old[old] != contents->new[new]))
			return false;
		old = old_end + (old_end == old);
		new = new_end + (new_end == new);
	}
	return !contents->is_cut && old == contents->old_size && new == contents->new_size;
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (is_word((uint8_t)text[length]))
		length++;
	return length;
}

bool texts_are_chance(const char *old, const char *new)
{
	bool any = false;

	while (*old && *new) {
		size_t old_length = word_length(old), new_length = word_length(new);
		bool is_same = old_length == new_length && !strncmp(old, new, old_length ? old_length : 1);
		if (!is_same && (!old_length || !new_length ||
				 !words_are_chance((const uint8_t *)old, old_length, (const uint8_t *)new, new_length)))
			return false;
		any |= !is_same;
		old += old_length ? old_length : 1;
		new += new_length ? new_length : 1;
	}
	return any && !*old && !*new;
}

/* Names drawn by lot have about so many characters that are. */
#define DRAWN_MIN 6u

static bool is_name(char character)
{
	return is_word((uint8_t)character) || character == '_';
}

bool texts_differ_in_word(const char *old, const char *new)
{
	size_t size = strlen(old), from = 0, to = size;

	if (strlen(new) != size || !size)
		return false;
	while (from < size && old[from] == new[from])
		from++;
	while (to > from && old[to - 1] == new[to - 1])
		to--;
	for (size_t i = from; i < to; i++)
		if (!is_name(old[i]) || !is_name(new[i]))
			return false;
	while (from && is_name(old[from - 1]))
		from--;
	while (to < size && is_name(old[to]))
		to++;
	return to >= from + DRAWN_MIN;
}
