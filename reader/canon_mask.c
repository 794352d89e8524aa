// SPDX-License-Identifier: MIT
/*
 * Times by the patterns in which programs write them, other numbers by whether they are numbers of this run.
 */
#include "reader/canon_mask.h"

#include <string.h>
#include <time.h>

/* 9 is a digit, _ a digit or a space, D a weekday, M a month; the longest that fit first. */
static const char *const patterns[] = {
	"D, 99 M 9999 99:99:99", "D, 99-M-99 99:99:99", "D M _9 99:99:99 9999", "99/M/9999:99:99:99",
	"99 M 9999 99:99:99",	 "9999-99-99T99:99:99", "9999-99-99 99:99:99",	"9999/99/99 99:99:99",
	"99/M/9999 99:99:99",	 "M _9 99:99:99",	"99:99:99.999",		"9999-99-99",
	"D M _9 9999",
};

/* Of System V ids: smaller numbers mean something else too often. */
#define IPC_MIN 32768u

/* Smaller ones are too likely to be something else; and of these the kernel gives none again once it has given all. */
#define PID_BINARY_MIN 300u

/* A number so near behind a word that says that it is a pid is one. */
#define PID_NAME_NEAR 4u

/* A time is a number of the run when it is so near to when the trace was made. */
#define NEAR_SECONDS (2u * 24 * 3600)

void mask_clear(struct mask *mask)
{
	map_clear(&mask->pids);
	map_clear(&mask->ports);
	map_clear(&mask->ipc);
}

int mask_add_pid(struct mask *mask, uint32_t pid)
{
	mask->most_pid = pid > mask->most_pid ? pid : mask->most_pid;
	return map_put(&mask->pids, pid, mask);
}

/* Of a port that the program never said: the kernel chose it. */
#define PORT_OTHER 1u
#define PORT_FIRST 2u

int mask_add_port(struct mask *mask, uint16_t port, bool is_chosen)
{
	uintptr_t known = (uintptr_t)map_get(&mask->ports, port);

	if (port < MASK_PORT_MIN || known)
		return 0;
	return map_put(&mask->ports, port, (void *)(uintptr_t)(is_chosen ? PORT_FIRST + mask->chosen++ : PORT_OTHER));
}

uint32_t mask_port_chosen(uint32_t before)
{
	return UINT16_MAX + PORT_FIRST + before;
}

uint32_t mask_port(const struct mask *mask, uint16_t port)
{
	uintptr_t known = (uintptr_t)map_get(&mask->ports, port);

	if (port < MASK_PORT_MIN)
		return port;
	return known >= PORT_FIRST ? UINT16_MAX + (uint32_t)known : 0;
}

int mask_add_ipc(struct mask *mask, uint32_t id)
{
	return map_put(&mask->ipc, id, mask);
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static size_t match_name(const uint8_t *bytes, size_t size, const char *names)
{
	for (; *names; names += 3)
		if (size >= 3 && !memcmp(bytes, names, 3))
			return 3;
	return 0;
}

static size_t match_pattern(const uint8_t *bytes, size_t size, const char *pattern)
{
	size_t at = 0;

	for (; *pattern; pattern++) {
		size_t taken = at < size;
		if (!taken)
			return 0;
		if (*pattern == 'D')
			taken = match_name(bytes + at, size - at, "MonTueWedThuFriSatSun");
		else if (*pattern == 'M')
			taken = match_name(bytes + at, size - at, "JanFebMarAprMayJunJulAugSepOctNovDec");
		else if (*pattern == '9')
			taken = is_digit(bytes[at]);
		else if (*pattern == '_')
			taken = is_digit(bytes[at]) || bytes[at] == ' ';
		else
			taken = bytes[at] == (uint8_t)*pattern;
		if (!taken)
			return 0;
		at += taken;
	}
	return at;
}

/* Fractions of a second and a zone, directly behind a time. */
static size_t match_tail(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	if (at + 1 < size && (bytes[at] == '.' || bytes[at] == ',') && is_digit(bytes[at + 1]))
		for (at++; at < size && is_digit(bytes[at]); at++)
			;
	for (const char *const *zone = (const char *const[]){" GMT", " UTC", "Z", NULL}; *zone; zone++)
		if (size - at >= strlen(*zone) && !memcmp(bytes + at, *zone, strlen(*zone)))
			return at + strlen(*zone);
	size_t blank = at < size && bytes[at] == ' ';
	if (size - at >= blank + 5 && (bytes[at + blank] == '+' || bytes[at + blank] == '-') &&
	    match_pattern(bytes + at + blank + 1, size - at - blank - 1, "9999"))
		return at + blank + 5;
	return at;
}

/* "0.009 s", "12.5ms": how long something took. */
static size_t match_span(const uint8_t *bytes, size_t size)
{
	size_t at = 0, digits;

	while (at < size && is_digit(bytes[at]))
		at++;
	if (!at || at + 1 >= size || bytes[at] != '.')
		return 0;
	for (digits = ++at; at < size && is_digit(bytes[at]); at++)
		;
	if (at == digits)
		return 0;
	at += at < size && bytes[at] == ' ';
	for (const char *const *unit = (const char *const[]){"seconds", "sec", "ms", "us", "ns", "s", NULL}; *unit;
	     unit++) {
		size_t length = strlen(*unit);
		if (size - at >= length && !memcmp(bytes + at, *unit, length) &&
		    (size - at == length || !is_letter(bytes[at + length])))
			return at + length;
	}
	return 0;
}

/* Of `count` digits. */
static unsigned read_digits(const uint8_t *bytes, size_t count)
{
	unsigned number = 0;

	for (size_t i = 0; i < count; i++)
		number = number * 10 + (unsigned)(bytes[i] - '0');
	return number;
}

/* A time of day that stands alone, and not in the middle of more that is written with colons, as addresses are. */
static size_t match_clock(const uint8_t *bytes, size_t at, size_t size)
{
	size_t length = match_pattern(bytes + at, size - at, "99:99:99");
	bool is_within = (at && (bytes[at - 1] == ':' || is_digit(bytes[at - 1]))) ||
			 (at + length < size && (bytes[at + length] == ':' || is_digit(bytes[at + length])));

	if (!length || is_within || read_digits(bytes + at, 2) > 23 || read_digits(bytes + at + 3, 2) > 59 ||
	    read_digits(bytes + at + 6, 2) > 60)
		return 0;
	return length + match_tail(bytes + at + length, size - at - length);
}

static size_t match_time(const uint8_t *bytes, size_t size)
{
	size_t span = match_span(bytes, size);

	if (span)
		return span;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		size_t length = match_pattern(bytes, size, patterns[i]);
		if (length &&
		    (length == size || !is_digit(bytes[length]) || patterns[i][strlen(patterns[i]) - 1] != '9'))
			return length + match_tail(bytes + length, size - length);
	}
	return 0;
}

/* Seconds, milli-, micro- or nanoseconds since the epoch, at about the time of the trace. */
static bool is_near(const struct mask *mask, uint64_t number)
{
	for (uint64_t unit = 1; unit <= 1000000000; unit *= 1000) {
		uint64_t second = number / unit;
		if (second + NEAR_SECONDS > mask->second && second < mask->second + NEAR_SECONDS)
			return true;
	}
	return false;
}

/* Digits of "20261123021108", which is how LDAP and certificates write a time. */
#define STAMP_DIGITS 14

/* Whether it is a time about that of the trace. */
static bool is_stamp(const struct mask *mask, const uint8_t *digits)
{
	struct tm time = {.tm_year = (int)read_digits(digits, 4) - 1900,
			  .tm_mon = (int)read_digits(digits + 4, 2) - 1,
			  .tm_mday = (int)read_digits(digits + 6, 2),
			  .tm_hour = (int)read_digits(digits + 8, 2),
			  .tm_min = (int)read_digits(digits + 10, 2),
			  .tm_sec = (int)read_digits(digits + 12, 2)};
	bool is_time = time.tm_year >= 70 && time.tm_mon >= 0 && time.tm_mon < 12 && time.tm_mday &&
		       time.tm_mday <= 31 && time.tm_hour < 24 && time.tm_min < 60 && time.tm_sec <= 60;

	return is_time && mask->second && is_near(mask, (uint64_t)timegm(&time));
}

static const char *port_word(uintptr_t known)
{
	static const char *const words[] = {"<port>", "<port 1>", "<port 2>", "<port 3>", "<port 4>"};

	return words[known - PORT_OTHER < 5 ? known - PORT_OTHER : 0];
}

/* The word for a number of the run that is `length` digits long, or NULL. */
static const char *word_of(const struct mask *mask, const uint8_t *digits, size_t length)
{
	uint64_t number = 0;

	if (length < 3 || length > 19 || digits[0] == '0')
		return NULL;
	for (size_t i = 0; i < length; i++)
		number = number * 10 + (digits[i] - '0');
	if (number >= 100 && number <= mask->most_pid && map_get(&mask->pids, number))
		return "<pid>";
	if (number >= MASK_PORT_MIN && number <= UINT16_MAX && map_get(&mask->ports, number))
		return port_word((uintptr_t)map_get(&mask->ports, number));
	if (number >= IPC_MIN && map_get(&mask->ipc, number))
		return "<ipc id>";
	return mask->second && length >= 10 && is_near(mask, number) ? "<time>" : NULL;
}

/* Numbers of one byte each in "127,0,0,1,173,198", an address and its port. */
#define HOST_NUMBERS	  4
#define HOST_PORT_NUMBERS 6

/*
 * The port of an address as FTP writes it, when the run speaks of it: how long the text is, where its last two numbers
 * begin, and the word for them. 0: there is none.
 */
static size_t match_host_port(const struct mask *mask, const uint8_t *bytes, size_t size, size_t *port_at,
			      const char **word)
{
	unsigned number, port = 0;
	size_t at = 0;

	for (unsigned i = 0; i < HOST_PORT_NUMBERS; i++) {
		size_t begin = i ? ++at : at;
		while (at < size && at - begin < 3 && is_digit(bytes[at]))
			at++;
		number = read_digits(bytes + begin, at - begin);
		bool is_last = i + 1 == HOST_PORT_NUMBERS;
		if (at == begin || number > UINT8_MAX || (!is_last && (at == size || bytes[at] != ',')))
			return 0;
		*port_at = i == HOST_NUMBERS ? begin : *port_at;
		port = i >= HOST_NUMBERS ? port << 8 | number : 0;
	}
	uintptr_t known = port >= MASK_PORT_MIN ? (uintptr_t)map_get(&mask->ports, port) : 0;
	*word = known ? port_word(known) : NULL;
	return known ? at : 0;
}

/* What of a text is looked at: no time is written without a digit and one of the signs between them. */
enum { BYTE_DIGIT = 1, BYTE_NAME = 2, BYTE_BETWEEN = 4, BYTE_NUL = 8 };

static const uint8_t byte_sorts[256] = {[0] = BYTE_NUL,
					['0' ... '9'] = BYTE_DIGIT,
					['A' ... 'W'] = BYTE_NAME, /* of a day or a month begins with it */
					[':'] = BYTE_BETWEEN,
					['-'] = BYTE_BETWEEN,
					['.'] = BYTE_BETWEEN};

static unsigned sorts_in(const uint8_t *bytes, size_t size)
{
	unsigned sorts = 0;

	for (size_t i = 0; i < size; i++)
		sorts |= byte_sorts[bytes[i]];
	return sorts;
}

/* Pids as numbers, in a message that is no text. */
static bool mask_words(const struct mask *mask, uint8_t *bytes, size_t size)
{
	bool replaced = false;
	uint32_t word;

	for (size_t at = 0; at + sizeof(word) <= size; at += sizeof(word)) {
		memcpy(&word, bytes + at, sizeof(word));
		if (word < PID_BINARY_MIN || word > mask->most_pid || !map_get(&mask->pids, word))
			continue;
		memset(bytes + at, 0xff, sizeof(word));
		replaced = true;
	}
	return replaced;
}

/* What stands behind it is a pid, of whomever. */
static bool is_process_folder(const uint8_t *bytes, size_t at)
{
	static const char folder[] = "/proc/";

	return at >= sizeof(folder) - 1 && !memcmp(bytes + at - (sizeof(folder) - 1), folder, sizeof(folder) - 1);
}

/* What stands behind it is said to be a pid: "pid=17", "_pid\0\00217". */
static bool is_named_pid(const uint8_t *bytes, size_t at)
{
	size_t end = at;

	while (end && at - end < PID_NAME_NEAR && !is_digit(bytes[end - 1]) && !is_letter(bytes[end - 1]) &&
	       bytes[end - 1] != '\n')
		end--;
	return end < at && end >= 3 && (bytes[end - 3] | 0x20) == 'p' && (bytes[end - 2] | 0x20) == 'i' &&
	       (bytes[end - 1] | 0x20) == 'd' && (end == 3 || !is_letter(bytes[end - 4]));
}

/* What begins at a place of a text. */
struct found {
	const char *word; /* for a number of the run; NULL: it is none */
	size_t before;	  /* so much of it stays */
	size_t length;
};

static struct found find_number(const struct mask *mask, const uint8_t *bytes, size_t at, size_t size,
				bool may_have_time)
{
	struct found found = {.word = "<time>", .length = may_have_time ? match_time(bytes + at, size - at) : 0};
	const char *port = NULL;

	if (!found.length && !is_digit(bytes[at]))
		return (struct found){.length = 1};
	if (!found.length && may_have_time)
		found.length = match_clock(bytes, at, size);
	if (found.length)
		return found;
	size_t length = match_host_port(mask, bytes + at, size - at, &found.before, &port);
	if (length)
		return (struct found){port, found.before, length};
	while (at + found.length < size && is_digit(bytes[at + found.length]))
		found.length++;
	if (found.length == STAMP_DIGITS && is_stamp(mask, bytes + at)) {
		found.word = "<time>";
		found.before = 0;
		found.length += match_tail(bytes + at + found.length, size - at - found.length);
		return found;
	}
	found.word = is_process_folder(bytes, at) || is_named_pid(bytes, at) ? "<pid>"
									     : word_of(mask, bytes + at, found.length);
	found.before = 0;
	return found;
}

static bool mask_numbers(const struct mask *mask, const uint8_t *bytes, size_t size, struct text *out)
{
	size_t begin = out->size;
	size_t kept = 0; /* everything before it is in `out` */
	unsigned sorts = sorts_in(bytes, size);
	bool may_have_time = sorts & BYTE_BETWEEN;
	unsigned wanted = BYTE_DIGIT | (may_have_time ? BYTE_NAME : 0);
	bool replaced = false;

	for (size_t at = sorts & BYTE_DIGIT ? 0 : size; at < size;) {
		if (!(byte_sorts[bytes[at]] & wanted)) {
			at++;
			continue;
		}
		struct found found = find_number(mask, bytes, at, size, may_have_time);
		if (found.word) {
			text_add(out, bytes + kept, at + found.before - kept);
			text_put(out, found.word);
			kept = at + found.length;
			replaced = true;
		}
		at += found.length;
	}
	text_add(out, bytes + kept, size - kept);
	if (!replaced && !out->failed && sorts & BYTE_NUL)
		replaced = mask_words(mask, (uint8_t *)out->bytes + begin, size);
	return replaced;
}

/* Adds what is meant where `bytes` have a name of the run: the first that is found. */
static bool mask_renamed(const struct mask *mask, const uint8_t *bytes, size_t size, struct text *out)
{
	const char *end = mask->renamed + mask->renamed_size;

	for (const char *name = mask->renamed; name < end;) {
		const char *meant = name + strlen(name) + 1;
		const uint8_t *at = memmem(bytes, size, name, strlen(name));
		if (at) {
			text_add(out, bytes, (size_t)(at - bytes));
			text_put(out, meant);
			at += strlen(name);
			text_add(out, at, size - (size_t)(at - bytes));
			return true;
		}
		name = meant + strlen(meant) + 1;
	}
	return false;
}

bool mask_bytes(const struct mask *mask, const uint8_t *bytes, size_t size, struct text *out)
{
	struct text meant = {0};
	bool replaced = mask->renamed_size && mask_renamed(mask, bytes, size, &meant);

	if (replaced)
		mask_numbers(mask, (const uint8_t *)meant.bytes, meant.size, out);
	out->failed |= meant.failed;
	text_free(&meant);
	return replaced || mask_numbers(mask, bytes, size, out);
}

#define CHANCE_MIN 6
/* Numbers drawn by lot have about so many digits and more. */
#define DIGITS_MIN 8

static unsigned sort_of(uint8_t byte)
{
	return is_digit(byte) ? 2 : byte <= 'Z' ? 1 : 0;
}

bool word_is_chance(const uint8_t *word, size_t size)
{
	unsigned changes = 0, digits = 0;

	for (size_t i = 0; i < size; i++) {
		changes += i && sort_of(word[i]) != sort_of(word[i - 1]);
		digits += is_digit(word[i]);
	}
	if (digits == size && size >= DIGITS_MIN)
		return true;
	return size >= CHANCE_MIN && changes >= (digits || size == CHANCE_MIN ? 2 : 4);
}

void mask_chance(const char *text, struct text *out)
{
	while (*text) {
		size_t length = 0;
		while (is_letter((uint8_t)text[length]) || is_digit((uint8_t)text[length]))
			length++;
		if (word_is_chance((const uint8_t *)text, length))
			text_put(out, "<chance>");
		else
			text_add(out, text, length ? length : 1);
		text += length ? length : 1;
	}
}
