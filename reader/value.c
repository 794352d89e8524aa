// SPDX-License-Identifier: MIT
/*
 * The parts that values are made of. Believes nothing of lengths and numbers that come from a log.
 */
#include "reader/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

uint64_t value_word(const struct value_spec *value, uint64_t word)
{
	unsigned unused = value->width && value->width < 8 ? 64 - 8 * value->width : 0;

	if (value->is_signed)
		return (uint64_t)((int64_t)(word << unused) >> unused);
	return word << unused >> unused;
}

uint64_t value_bits(const struct value_spec *value, uint64_t word)
{
	unsigned unused = value->width && value->width < 8 ? 64 - 8 * value->width : 0;

	return word << unused >> unused;
}

uint64_t value_load(const struct value_spec *value, const uint8_t *bytes, size_t size)
{
	uint64_t word = 0;
	struct value_spec loaded = *value;

	memcpy(&word, bytes, size < 8 ? size : 8);
	if (!loaded.width || loaded.width > size)
		loaded.width = (uint8_t)(size < 8 ? size : 8);
	return value_word(&loaded, word);
}

uint32_t value_size(const struct catalogue *catalogue, const struct value_spec *value)
{
	const struct struct_spec *layout;

	switch (value->kind) {
	case KIND_BYTES:
	case KIND_STRING:
	case KIND_SOCKADDR:
		return 1;
	case KIND_STRUCT:
		layout = value_struct(catalogue, value);
		return layout ? layout->size : 0;
	default:
		return value->kind < KIND_BYTES ? value->width ? value->width : 8 : 0;
	}
}

const struct names_spec *value_flags(const struct catalogue *catalogue, const struct value_spec *value)
{
	return value->kind == KIND_FLAGS && value->table < catalogue->flags_count ? &catalogue->flags[value->table]
										  : NULL;
}

const struct names_spec *value_enum(const struct catalogue *catalogue, const struct value_spec *value)
{
	bool has_names = value->kind == KIND_ENUM || value->kind == KIND_WAIT_STATUS;

	return has_names && value->table < catalogue->enums_count ? &catalogue->enums[value->table] : NULL;
}

const struct struct_spec *value_struct(const struct catalogue *catalogue, const struct value_spec *value)
{
	return value->kind == KIND_STRUCT && value->table < catalogue->structs_count ? &catalogue->structs[value->table]
										     : NULL;
}

bool flags_is_octal(const struct name_spec *name)
{
	return name->name[0] == '0';
}

uint64_t flags_octal(const struct names_spec *flags)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < flags->count; i++)
		if (flags_is_octal(&flags->rows[i]))
			bits |= flags->rows[i].mask;
	return bits;
}

const char *flags_next(const struct names_spec *flags, uint64_t all, uint64_t *left, uint32_t *row)
{
	while (*row < flags->count) {
		const struct name_spec *name = &flags->rows[(*row)++];
		/* most rows are bits that are not set */
		if (name->value ? (*left & name->value) != name->value || (all & name->mask) != name->value
				: (all & name->mask) != 0 || (!name->mask && all))
			continue;
		if (flags_is_octal(name))
			continue;
		*left &= ~name->mask;
		return name->name;
	}
	return NULL;
}

const char *enum_name(const struct names_spec *names, uint64_t value, uint8_t width)
{
	uint64_t mask = width && width < 8 ? (1ull << 8 * width) - 1 : UINT64_MAX;

	for (uint32_t i = 0; i < names->count; i++)
		if (((names->rows[i].value ^ value) & mask) == 0)
			return names->rows[i].name;
	return NULL;
}

struct number_name {
	int number;
	const char *name;
};

static const char *find_name(const struct number_name *names, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

#define NAMED(number)           \
	{                       \
		number, #number \
	}

const char *family_name(unsigned family)
{
	static const struct number_name names[] = {
		NAMED(AF_UNSPEC), NAMED(AF_UNIX),   NAMED(AF_INET),	  NAMED(AF_AX25),   NAMED(AF_IPX),
		NAMED(AF_X25),	  NAMED(AF_INET6),  NAMED(AF_NETLINK),	  NAMED(AF_PACKET), NAMED(AF_RDS),
		NAMED(AF_PPPOX),  NAMED(AF_LLC),    NAMED(AF_CAN),	  NAMED(AF_TIPC),   NAMED(AF_BLUETOOTH),
		NAMED(AF_RXRPC),  NAMED(AF_PHONET), NAMED(AF_IEEE802154), NAMED(AF_ALG),    NAMED(AF_NFC),
		NAMED(AF_VSOCK),  NAMED(AF_KCM),    NAMED(AF_QIPCRTR),	  NAMED(AF_SMC),    NAMED(AF_XDP),
	};

	return find_name(names, COUNT(names), (int)family);
}

static void read_inet(struct socket_address *address, const uint8_t *bytes, size_t size)
{
	struct sockaddr_in in;

	address->is_truncated = size < 8;
	if (address->is_truncated)
		return;
	memset(&in, 0, sizeof(in));
	memcpy(&in, bytes, size < sizeof(in) ? size : sizeof(in));
	address->has_port = true;
	address->port = ntohs(in.sin_port);
	inet_ntop(AF_INET, &in.sin_addr, address->address, sizeof(address->address));
}

static void read_inet6(struct socket_address *address, const uint8_t *bytes, size_t size)
{
	struct sockaddr_in6 in;

	address->is_truncated = size < 24;
	if (address->is_truncated)
		return;
	memset(&in, 0, sizeof(in));
	memcpy(&in, bytes, size < sizeof(in) ? size : sizeof(in));
	address->has_port = true;
	address->port = ntohs(in.sin6_port);
	address->flow = ntohl(in.sin6_flowinfo);
	address->scope = in.sin6_scope_id;
	inet_ntop(AF_INET6, &in.sin6_addr, address->address, sizeof(address->address));
}

static void read_unix(struct socket_address *address, const uint8_t *bytes, size_t size)
{
	address->path = bytes + 2;
	address->path_size = size - 2;
	if (!address->path_size)
		return;
	address->is_abstract = !bytes[2];
	if (address->is_abstract) {
		address->path++;
		address->path_size--;
	} else {
		address->path_size = strnlen((const char *)address->path, address->path_size);
	}
}

void internet_address_write(char text[INET_ADDRSTRLEN], uint64_t word)
{
	const struct in_addr address = {(uint32_t)word};

	if (!inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN))
		*text = 0;
}

void socket_address_read(struct socket_address *address, const uint8_t *bytes, size_t size)
{
	*address = (struct socket_address){.is_truncated = size < 2};
	if (size < 2)
		return;
	memcpy(&address->family, bytes, 2);
	switch (address->family) {
	case AF_INET:
		read_inet(address, bytes, size);
		break;
	case AF_INET6:
		read_inet6(address, bytes, size);
		break;
	case AF_UNIX:
		read_unix(address, bytes, size);
		break;
	case AF_NETLINK:
		address->is_truncated = size < 12;
		if (!address->is_truncated) {
			memcpy(&address->netlink, bytes + 4, 4);
			memcpy(&address->groups, bytes + 8, 4);
		}
		break;
	}
}

#define CONTROL_HEAD 16

bool control_next(const uint8_t *bytes, size_t size, size_t *at, struct control_message *message)
{
	uint64_t length;
	size_t room = size > *at ? size - *at : 0;

	if (room < CONTROL_HEAD)
		return false;
	memcpy(&length, bytes + *at, 8);
	if (length < CONTROL_HEAD)
		return false;
	memcpy(&message->level, bytes + *at + 8, 4);
	memcpy(&message->type, bytes + *at + 12, 4);
	message->length = length;
	message->is_truncated = length > room;
	message->data = bytes + *at + CONTROL_HEAD;
	message->size = (message->is_truncated ? room : length) - CONTROL_HEAD;
	*at = message->is_truncated ? size : *at + ((length + 7) & ~7ull);
	return true;
}

const char *control_level_name(int32_t level)
{
	static const struct number_name names[] = {
		{IPPROTO_IP, "SOL_IP"},	  {SOL_SOCKET, "SOL_SOCKET"}, {IPPROTO_TCP, "SOL_TCP"},
		{IPPROTO_UDP, "SOL_UDP"}, {IPPROTO_IPV6, "SOL_IPV6"}, {IPPROTO_RAW, "SOL_RAW"},
		{270, "SOL_NETLINK"},	  {IPPROTO_SCTP, "SOL_SCTP"}, {279, "SOL_ALG"},
	};

	return find_name(names, COUNT(names), level);
}

struct control_row {
	int32_t level, type;
	const char *name;
	struct control_layout layout;
};

static const char *const credential_names[] = {"pid", "uid", "gid", NULL};
static const char *const timeval_names[] = {"tv_sec", "tv_usec", NULL};
static const char *const timespec_names[] = {"tv_sec", "tv_nsec", NULL};

static const struct control_row control_rows[] = {
	{SOL_SOCKET, SCM_RIGHTS, "SCM_RIGHTS", {NULL, 4}},
	{SOL_SOCKET, SCM_CREDENTIALS, "SCM_CREDENTIALS", {credential_names, 4}},
	{SOL_SOCKET, 3, "SCM_SECURITY", {NULL, 0}},
	{SOL_SOCKET, SO_TIMESTAMP, "SCM_TIMESTAMP", {timeval_names, 8}},
	{SOL_SOCKET, SO_TIMESTAMPNS, "SCM_TIMESTAMPNS", {timespec_names, 8}},
	{SOL_SOCKET, SO_TIMESTAMPING, "SCM_TIMESTAMPING", {NULL, 8}},
	{IPPROTO_IP, IP_TTL, "IP_TTL", {NULL, 4}},
	{IPPROTO_IP, IP_TOS, "IP_TOS", {NULL, 0}},
	{IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO", {NULL, 0}},
	{IPPROTO_IP, IP_RECVERR, "IP_RECVERR", {NULL, 0}},
	{IPPROTO_IPV6, IPV6_PKTINFO, "IPV6_PKTINFO", {NULL, 0}},
	{IPPROTO_IPV6, IPV6_HOPLIMIT, "IPV6_HOPLIMIT", {NULL, 4}},
	{IPPROTO_IPV6, IPV6_TCLASS, "IPV6_TCLASS", {NULL, 4}},
	{IPPROTO_IPV6, IPV6_RECVERR, "IPV6_RECVERR", {NULL, 0}},
	{IPPROTO_UDP, 103, "UDP_SEGMENT", {NULL, 0}},
	{IPPROTO_UDP, 104, "UDP_GRO", {NULL, 4}},
};

static const struct control_row *find_control(int32_t level, int32_t type)
{
	for (size_t i = 0; i < COUNT(control_rows); i++)
		if (control_rows[i].level == level && control_rows[i].type == type)
			return &control_rows[i];
	return NULL;
}

const char *control_type_name(int32_t level, int32_t type)
{
	const struct control_row *row = find_control(level, type);

	return row ? row->name : NULL;
}

struct control_layout control_layout(int32_t level, int32_t type)
{
	const struct control_row *row = find_control(level, type);

	return row ? row->layout : (struct control_layout){NULL, 0};
}

const char *error_name(unsigned error)
{
	return error ? strerrorname_np((int)error) : NULL;
}

struct value_spec value_of_arg(const struct event *event, unsigned arg)
{
	const struct value_spec *value = &event->call->args[arg].value;

	return value->kind == KIND_SELECT ? catalogue_resolve(event->catalogue, event->call, arg, event->args) : *value;
}

bool value_is_shown(const struct value_spec *value, uint64_t word)
{
	return value->kind != KIND_UNRECORDED && !(value->optional && !word);
}

bool value_arg_is_shown(const struct event *event, unsigned arg, const struct value_spec *value)
{
	bool is_number = value->direction == DIRECTION_NONE && value->kind != KIND_ADDRESS, is_given = false;

	for (unsigned i = 0; i < arg && value->optional && is_number; i++)
		is_given |= event->call->args[i].value.optional && event->args[i];
	return value_is_shown(value, event->args[arg]) || (is_given && value->kind != KIND_UNRECORDED);
}

struct value_spec value_message_flags(const struct event *event)
{
	struct value_spec value = {.kind = KIND_FLAGS, .width = 4, .table = UINT16_MAX};

	for (unsigned i = 0; i < event->call->argc; i++)
		if (event->call->args[i].value.kind == KIND_FLAGS)
			value.table = event->call->args[i].value.table;
	return value;
}
