// SPDX-License-Identifier: MIT
/*
 * What recorded values mean: numbers, names of bits, addresses, and the bytes behind pointers, read with care. The
 * text form is made here, as strace writes it; reader/json.c makes the other one of the same parts.
 *
 * All names come from the event's own catalogue, which is that of the log.
 */
#ifndef IPCTRACE_READER_VALUE_H
#define IPCTRACE_READER_VALUE_H

#include <netinet/in.h>
#include <stdbool.h>

#include "format/event.h"
#include "reader/struct_memo.h"

/* ---- parts ---------------------------------------------------------------------------------------------------- */

/* Structs inside structs: how deep they are followed. */
#define VALUE_DEPTH_MAX 4

/* The word cut to its width and, when it is signed, extended again; a width of 0 is that of a register. */
uint64_t value_word(const struct value_spec *value, uint64_t word);

/* The word cut to its width, never extended: bits. */
uint64_t value_bits(const struct value_spec *value, uint64_t word);

/* The unsigned number in `size` bytes (at most 8 are looked at), then as value_word(). */
uint64_t value_load(const struct value_spec *value, const uint8_t *bytes, size_t size);

/* The bytes one element takes in memory; 0 when its kind has no fixed size. */
uint32_t value_size(const struct catalogue *catalogue, const struct value_spec *value);

/* The flag set, enumeration (of a wait status: that of signals) or struct a value names, or NULL when there is none. */
const struct names_spec *value_flags(const struct catalogue *catalogue, const struct value_spec *value);
const struct names_spec *value_enum(const struct catalogue *catalogue, const struct value_spec *value);
const struct struct_spec *value_struct(const struct catalogue *catalogue, const struct value_spec *value);

/*
 * The next name in the bits *left, which it is taken out of; `row` counts up from 0. `all` is the whole word. NULL when
 * no further name fits: what is left in *left has no name.
 */
const char *flags_next(const struct names_spec *flags, uint64_t all, uint64_t *left, uint32_t *row);

/* Whether a row of a flag set, called "0", says that the bits of its mask are permissions, read in octal. */
bool flags_is_octal(const struct name_spec *name);

/* The bits of a flag set that are read in octal. */
uint64_t flags_octal(const struct names_spec *flags);

/* The name of a value, or NULL. */
const char *enum_name(const struct names_spec *names, uint64_t value, uint8_t width);

/* "AF_INET", or NULL. */
const char *family_name(unsigned family);

/* The bytes of a sockaddr, taken apart. `address` is text, without the port. */
struct socket_address {
	uint16_t family;
	bool has_port;	   /* INET and INET6 */
	bool is_abstract;  /* a UNIX name that is no path */
	bool is_truncated; /* shorter than its family needs: then only `family` holds, and that only with 2 bytes */
	uint16_t port;
	uint32_t flow, scope;	  /* INET6, host order */
	uint32_t netlink, groups; /* NETLINK: port id and groups */
	const uint8_t *path;	  /* UNIX: the name, without an abstract one's leading NUL */
	size_t path_size;
	char address[64];
};

/* "127.0.0.1", of an address in network order. */
void internet_address_write(char text[INET_ADDRSTRLEN], uint64_t word);

void socket_address_read(struct socket_address *address, const uint8_t *bytes, size_t size);

/* One control message of a msghdr. */
struct control_message {
	int32_t level, type;
	const uint8_t *data;
	size_t size;	   /* of `data`, as far as it was kept */
	uint64_t length;   /* cmsg_len, as the program said */
	bool is_truncated; /* `data` is shorter than `length` says */
};

/* The control message at *at of `size` bytes; moves *at on. False when there is none. */
bool control_next(const uint8_t *bytes, size_t size, size_t *at, struct control_message *message);

/* "SOL_SOCKET" and "SCM_RIGHTS", or NULL. */
const char *control_level_name(int32_t level);
const char *control_type_name(int32_t level, int32_t type);

/* What the data of a control message is made of: 32-bit numbers, or 64-bit ones, with or without names. */
struct control_layout {
	const char *const *names; /* NULL: an array */
	uint8_t width;		  /* 4 or 8; 0 = bytes */
};

struct control_layout control_layout(int32_t level, int32_t type);

/* "EAGAIN", or NULL. */
const char *error_name(unsigned error);

/* What argument `arg` of `event` is, selections followed. */
struct value_spec value_of_arg(const struct event *event, unsigned arg);

/* What msg_flags are in `event`: the flags of its own flags argument. */
struct value_spec value_message_flags(const struct event *event);

/* Whether argument `arg` is to be shown: not when it was not recorded, or is optional and nothing was given. */
bool value_is_shown(const struct value_spec *value, uint64_t word);

/* The same for an argument: a number that is 0 is also given when one that can only be given with it is not 0. */
bool value_arg_is_shown(const struct event *event, unsigned arg, const struct value_spec *value);

/* ---- text ----------------------------------------------------------------------------------------------------- */

/* What a number is to its call: given to it, made by it and left behind a pointer, or its result. */
enum value_role { VALUE_GIVEN, VALUE_MADE, VALUE_RESULT };

struct value_style {
	uint32_t string_limit; /* bytes of a string or payload to print */
	/* The name to be put behind a descriptor or id, or NULL; may be NULL itself. */
	const char *(*object_name)(void *context, const struct event *event, enum kind kind, uint64_t value,
				   enum value_role role);
	/* Whether an argument is left out, with its name and commas in place: somebody else puts it there. May be NULL.
	 */
	bool (*leaves_out)(void *context, unsigned arg);
	void *context;
	struct struct_memo *structs; /* how structs were spelled before; NULL: nothing is kept */
};

/* Whether nothing in a struct may have a name: its text follows from its bytes. */
bool struct_is_nameless(const struct struct_spec *layout);

/* The arguments, "7, \"PING\", 4, 0", without the brackets. */
void value_print_args(struct text *text, const struct event *event, const struct value_style *style);

/* One argument. */
void value_print_arg(struct text *text, const struct event *event, unsigned arg, const struct value_style *style);

/* "<tcp-client#3>" when there is a name for that, else nothing. */
void value_print_name(struct text *text, const struct event *event, const struct value_style *style, enum kind kind,
		      uint64_t value, enum value_role role);

/* The result after "= ": "6", "-1 EAGAIN (Resource temporarily unavailable)", "0x7f..", "?". */
void value_print_result(struct text *text, const struct event *event, const struct value_style *style);

/* One scalar of a kind below KIND_BYTES, without its object. */
void value_print_scalar(struct text *text, const struct catalogue *catalogue, const struct value_spec *value,
			uint64_t word);

/* A sockaddr as strace writes it. */
void value_print_address(struct text *text, const uint8_t *bytes, size_t size);

#endif
