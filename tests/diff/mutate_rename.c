// SPDX-License-Identifier: MIT
/*
 * Other numbers for the same things: processes and threads, ports that the kernel chose. Each is a mapping
 * of old numbers to new ones that is applied everywhere, also where programs wrote a number out in a message; there the
 * new one has as many digits.
 */
#include "tests/diff/mutate_parts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

struct rename {
	struct mutate *mutate;
	struct map numbers, taken;
	uint64_t smallest_written; /* numbers below it mean something else when they stand in a text */
	bool is_in_messages;	   /* they are sent as words */
	uint64_t seconds[2];	   /* the first and the last of the log, since the epoch; 0: none */
};

static uint64_t rename_number(const struct rename *rename, uint64_t number)
{
	const void *found = map_get(&rename->numbers, number);

	return found ? (uint64_t)(uintptr_t)found : number;
}

static void put(struct map *map, uint64_t key, uint64_t value)
{
	if (map_put(map, key, (void *)(uintptr_t)value))
		errx(2, "no memory");
}

/* A new number of [low, high) for `number`, which no other has or had. */
static void add_number(struct rename *rename, uint64_t number, uint64_t low, uint64_t high)
{
	uint64_t chosen;

	if (map_get(&rename->numbers, number))
		return;
	do
		chosen = low + mutate_random(rename->mutate, high - low);
	while (chosen == number || map_get(&rename->taken, chosen));
	put(&rename->taken, chosen, 1);
	put(&rename->numbers, number, chosen);
}

static void rename_end(struct rename *rename)
{
	if (rename->numbers.count) {
		struct change *change = mutate_note(rename->mutate, NULL, "numbers");
		snprintf(change->is, sizeof(change->is), "%u renamed", rename->numbers.count);
	}
	map_clear(&rename->numbers);
	map_clear(&rename->taken);
}

/* ---- numbers in messages -------------------------------------------------------------------------------------------
 */

/* Renames whole runs of digits; returns whether there were any. A run that may have been cut off stays. */
static bool rename_text(const struct rename *rename, uint8_t *bytes, uint32_t size, bool is_cut)
{
	bool found = false;

	for (uint32_t at = 0, next; at < size; at = next) {
		uint64_t number = 0, other;
		for (next = at; next < size && isdigit(bytes[next]) && next - at < 18; next++)
			number = number * 10 + (bytes[next] - '0');
		if (next == at) {
			next++;
			continue;
		}
		other = rename_number(rename, number);
		if (other == number || number < rename->smallest_written || bytes[at] == '0' ||
		    (next < size && isdigit(bytes[next])) || (next == size && is_cut))
			continue;
		for (uint32_t i = next; i-- > at; other /= 10)
			bytes[i] = (uint8_t)('0' + other % 10);
		found = true;
	}
	return found;
}

/* Small messages between programs of one machine carry numbers as they stand in memory. */
#define MESSAGE_MAX 64u
/* Longer messages carry contents. */
#define NETWORK_MAX 4096u

static bool rename_words(const struct rename *rename, uint8_t *bytes, uint32_t size)
{
	bool found = false;

	for (uint32_t at = 0; at + 4 <= size; at += 4) {
		uint32_t word, other;
		memcpy(&word, bytes + at, sizeof(word));
		other = (uint32_t)rename_number(rename, word);
		if (other == word || word < rename->smallest_written)
			continue;
		memcpy(bytes + at, &other, sizeof(other));
		found = true;
	}
	return found;
}

/* In messages that go over a network they stand anywhere, the highest byte first. */
static bool rename_network_words(const struct rename *rename, uint8_t *bytes, uint32_t size)
{
	bool found = false;

	for (uint32_t at = 0; at + 4 <= size; at++) {
		uint32_t word, other;
		memcpy(&word, bytes + at, sizeof(word));
		word = ntohl(word);
		/* small ones are too likely to be something else, and so are those that fill the word */
		if (word < 1024 || word > UINT16_MAX)
			continue;
		other = (uint32_t)rename_number(rename, word);
		if (other == word)
			continue;
		other = htonl(other);
		memcpy(bytes + at, &other, sizeof(other));
		found = true;
	}
	return found;
}

/* What rsync says of itself to begin with, `time ^ pid << 6`, anywhere in a small message. */
#define SEED_SHIFT 6

static bool rename_seed(const struct rename *rename, uint32_t *word)
{
	for (uint64_t second = rename->seconds[0]; second && second <= rename->seconds[1]; second++) {
		uint32_t rest = *word ^ (uint32_t)second, pid = rest >> SEED_SHIFT;
		if (rest != pid << SEED_SHIFT || rename_number(rename, pid) == pid)
			continue;
		*word = (uint32_t)second ^ (uint32_t)rename_number(rename, pid) << SEED_SHIFT;
		return true;
	}
	return false;
}

static bool rename_seeds(const struct rename *rename, uint8_t *bytes, uint32_t size)
{
	bool found = false;

	for (uint32_t at = 0; at + 4 <= size && size <= MESSAGE_MAX; at++) {
		uint32_t word;
		memcpy(&word, bytes + at, sizeof(word));
		if (!rename_seed(rename, &word))
			continue;
		memcpy(bytes + at, &word, sizeof(word));
		found = true;
		at += sizeof(word) - 1;
	}
	return found;
}

static bool is_text(const struct event_item *item)
{
	if (item->form == ITEM_PAYLOAD || item->form == ITEM_STRING || item->form == ITEM_STRINGS)
		return true;
	return (item->form == ITEM_ADDRESS || item->form == ITEM_LOCAL || item->form == ITEM_PEER) && item->size > 2 &&
	       item->bytes[0] == AF_UNIX;
}

/* What is no longer may say anything in any way. */
#define TALK_MAX 512u

/*
 * How much of an item is text that may say pids: nothing of lists of numbers, and of the pages of a file what stands
 * before the first zero.
 */
static uint32_t text_size(const struct event_item *item)
{
	uint32_t digits = 0;

	if (item->form != ITEM_PAYLOAD || item->size <= TALK_MAX)
		return item->size;
	for (uint32_t i = 0; i < item->size; i++)
		digits += isdigit(item->bytes[i]) ? 1 : 0;
	if (digits > item->size / 3 * 2)
		return 0;
	return item->size > NETWORK_MAX ? (uint32_t)strnlen((const char *)item->bytes, item->size) : item->size;
}

/* What the kernel tells a process of itself is addressed to its pid. */
static bool is_of_netlink(const struct event *event)
{
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if ((item->form == ITEM_ADDRESS || item->form == ITEM_LOCAL) && item->size &&
		    item->bytes[0] == AF_NETLINK)
			return true;
	}
	return false;
}

static void rename_texts(const struct rename *rename, struct event *event)
{
	struct draft *draft = rename->mutate->draft;
	bool owns = false, is_netlink = is_of_netlink(event);

	for (uint32_t i = 0; i < event->items_count; i++) {
		struct event_item copy = event->items[i];
		if (!is_text(&copy))
			continue;
		uint8_t *bytes = draft_bytes(draft, &copy);
		bool is_payload = copy.form == ITEM_PAYLOAD;
		uint32_t size = text_size(&copy);
		bool is_cut = is_payload && size == copy.size && copy.size < copy.total;
		bool is_renamed = rename_text(rename, bytes, size, is_cut);
		if (is_payload && copy.size == copy.total && (copy.size <= MESSAGE_MAX || is_netlink))
			is_renamed |= rename_words(rename, bytes, copy.size);
		if (is_payload && copy.size == copy.total)
			is_renamed |= rename_seeds(rename, bytes, copy.size);
		if (is_payload && copy.size == copy.total && copy.size < NETWORK_MAX && rename->is_in_messages &&
		    !strcmp(event->call->family, "socket"))
			is_renamed |= rename_network_words(rename, bytes, copy.size);
		if (!is_renamed)
			continue;
		struct event_item *items = owns ? (struct event_item *)event->items : draft_items(draft, event);
		owns = true;
		if (is_payload)
			payload_replace(&items[i], bytes);
		else
			items[i].bytes = bytes;
	}
}

/* ---- processes and threads ----------------------------------------------------------------------------------------
 */

/* As many digits as before, and not one of the numbers that everybody has. */
static void add_pid(struct rename *rename, uint64_t pid)
{
	uint64_t low = 1;

	while (low * 10 <= pid)
		low *= 10;
	if (pid >= 100)
		add_number(rename, pid, low, low == 1000000 ? 4194304 : low * 10);
}

static void add_pids(struct rename *rename, const struct draft *draft)
{
	for (size_t i = 0; i < draft->streams_count; i++) {
		add_pid(rename, draft->streams[i].pid);
		add_pid(rename, draft->streams[i].tid);
	}
	for (size_t i = 0; i < draft->frames_count; i++) {
		for (uint32_t at = 0; at < draft->frames[i].processes_count; at++) {
			add_pid(rename, draft->frames[i].processes[at].pid);
			add_pid(rename, draft->frames[i].processes[at].parent);
		}
	}
}

/* A negative one names a group of processes. */
static uint64_t change_pid(void *context, enum kind kind, uint64_t value)
{
	int64_t number = (int64_t)value;

	if (kind != KIND_PID && kind != KIND_TID)
		return value;
	return number < -1 ? -rename_number(context, (uint64_t)-number) : rename_number(context, value);
}

static void rename_netlink(const struct rename *rename, struct event *event)
{
	for (uint32_t i = 0; i < event->items_count; i++) {
		struct sockaddr_nl address;
		uint32_t pid;
		if ((event->items[i].form != ITEM_ADDRESS && event->items[i].form != ITEM_LOCAL) ||
		    event->items[i].size < sizeof(address) || event->items[i].bytes[0] != AF_NETLINK)
			continue;
		memcpy(&address, event->items[i].bytes, sizeof(address));
		pid = (uint32_t)rename_number(rename, address.nl_pid);
		if (pid == address.nl_pid)
			continue;
		address.nl_pid = pid;
		struct event_item *items = draft_items(rename->mutate->draft, event);
		memcpy(draft_bytes(rename->mutate->draft, &items[i]), &address, sizeof(address));
	}
}

static void rename_event_pids(void *context, struct event *event)
{
	struct rename *rename = context;

	event->pid = (uint32_t)rename_number(rename, event->pid);
	event->tid = (uint32_t)rename_number(rename, event->tid);
	draft_values(rename->mutate->draft, event, change_pid, rename);
	rename_netlink(rename, event);
	rename_texts(rename, event);
}

static void rename_word(const struct rename *rename, uint32_t *word)
{
	*word = (uint32_t)rename_number(rename, *word);
}

static void rename_frame_pids(const struct rename *rename, struct draft_frame *frame)
{
	for (uint32_t i = 0; i < frame->processes_count; i++) {
		rename_word(rename, &frame->processes[i].pid);
		rename_word(rename, &frame->processes[i].parent);
	}
	for (uint32_t i = 0; i < frame->threads_count; i++) {
		rename_word(rename, &frame->threads[i].pid);
		rename_word(rename, &frame->threads[i].tid);
		rename_word(rename, &frame->threads[i].creator);
	}
	for (uint32_t i = 0; i < frame->thread_ends_count; i++) {
		rename_word(rename, &frame->thread_ends[i].pid);
		rename_word(rename, &frame->thread_ends[i].tid);
	}
	for (uint32_t i = 0; i < frame->stacks_count; i++)
		rename_word(rename, &frame->stacks[i].pid);
	for (uint32_t i = 0; i < frame->modules_count; i++)
		rename_word(rename, &frame->modules[i].pid);
}

void mutate_pids(struct mutate *mutate)
{
	struct draft *draft = mutate->draft;
	struct rename rename = {.mutate = mutate, .smallest_written = 100, .is_in_messages = true};

	if (draft->frames_count) {
		rename.seconds[0] = draft->frames[0].before.realtime / 1000000000;
		rename.seconds[1] = draft->frames[draft->frames_count - 1].after.realtime / 1000000000;
	}
	add_pids(&rename, draft);
	mutate_events(draft, rename_event_pids, &rename);
	for (size_t i = 0; i < draft->frames_count; i++)
		rename_frame_pids(&rename, &draft->frames[i]);
	for (size_t i = 0; i < draft->streams_count; i++) {
		rename_word(&rename, &draft->streams[i].pid);
		rename_word(&rename, &draft->streams[i].tid);
	}
	rename_end(&rename);
}

/* ---- ports --------------------------------------------------------------------------------------------------------
 */

#define PORT_FIRST 32768u /* that Linux chooses */
#define PORT_END   60999u

/* The port of an address, 0 when it has none. */
static uint16_t port_of(const struct event_item *item)
{
	bool is_address = item->form == ITEM_ADDRESS || item->form == ITEM_LOCAL || item->form == ITEM_PEER;
	const uint8_t *bytes = item->bytes;

	if (!is_address || item->size < 4 || (bytes[0] != AF_INET && bytes[0] != AF_INET6) || bytes[1])
		return 0;
	return (uint16_t)(bytes[2] << 8 | bytes[3]);
}

/* Ports in addresses that the program made; all others come from the kernel. */
static void note_given_ports(void *context, struct event *event)
{
	struct rename *rename = context;

	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		uint16_t port = port_of(item);
		if (port && item->form == ITEM_ADDRESS && item->arg < event->call->argc &&
		    call_value(event, item->arg).direction == DIRECTION_IN)
			put(&rename->taken, port, 1);
	}
}

static void add_port(struct rename *rename, uint16_t port)
{
	if (port >= PORT_FIRST && port < PORT_END)
		add_number(rename, port, PORT_FIRST, PORT_END);
}

static void add_ports(void *context, struct event *event)
{
	struct rename *rename = context;

	for (uint32_t i = 0; i < event->items_count; i++) {
		uint16_t port = port_of(&event->items[i]);
		if (!map_get(&rename->taken, port))
			add_port(rename, port);
	}
}

static uint64_t change_port(void *context, enum kind kind, uint64_t value)
{
	return kind == KIND_PORT ? htons((uint16_t)rename_number(context, ntohs((uint16_t)value))) : value;
}

static void rename_event_ports(void *context, struct event *event)
{
	struct rename *rename = context;
	struct draft *draft = rename->mutate->draft;
	struct event_item *items = draft_items(draft, event);

	for (uint32_t i = 0; i < event->items_count; i++) {
		uint16_t port = port_of(&items[i]), other = (uint16_t)rename_number(rename, port);
		if (other == port)
			continue;
		uint8_t *bytes = draft_bytes(draft, &items[i]);
		bytes[2] = other >> 8;
		bytes[3] = other & 0xff;
	}
	draft_values(draft, event, change_port, rename);
	rename_texts(rename, event);
}

/* The given ones are marked as taken first, so that they keep their numbers and nobody else gets them. */
void mutate_ports(struct mutate *mutate)
{
	struct draft *draft = mutate->draft;
	struct rename rename = {.mutate = mutate, .smallest_written = PORT_FIRST};

	mutate_events(draft, note_given_ports, &rename);
	for (size_t i = 0; i < draft->chosen_ports_count; i++)
		add_port(&rename, draft->chosen_ports[i]);
	mutate_events(draft, add_ports, &rename);
	mutate_events(draft, rename_event_ports, &rename);
	rename_end(&rename);
}
