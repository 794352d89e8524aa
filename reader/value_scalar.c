// SPDX-License-Identifier: MIT
/*
 * Single numbers as text, in the way of strace: in their base, or by the names of their values and bits.
 */
#include "reader/value.h"

#include "reader/wait_status.h"

static void print_flags(struct text *text, const struct names_spec *flags, const struct value_spec *value,
			uint64_t word)
{
	uint64_t octal = flags ? word & flags_octal(flags) : 0, left = word & ~octal;
	size_t begin = text->size;
	uint32_t row = 0;
	const char *name;

	while (flags && (name = flags_next(flags, word, &left, &row))) {
		if (text->size != begin)
			text_char(text, '|');
		text_put(text, name);
	}
	if (octal) {
		if (text->size != begin)
			text_char(text, '|');
		text_octal(text, octal);
	}
	if (left) {
		if (text->size != begin)
			text_char(text, '|');
		text_hex(text, value_bits(value, left));
	}
	if (text->size == begin)
		text_char(text, '0');
}

static void print_enum(struct text *text, const struct names_spec *names, const struct value_spec *value, uint64_t word)
{
	const char *name = names ? enum_name(names, word, value->width) : NULL;

	if (name)
		text_put(text, name);
	else if (value->is_signed)
		text_int(text, (int64_t)word);
	else if (value->width == 8)
		text_hex(text, word); /* ioctl's requests */
	else
		text_uint(text, word);
}

#define AT_FDCWD_VALUE (-100)

void value_print_scalar(struct text *text, const struct catalogue *catalogue, const struct value_spec *value,
			uint64_t word)
{
	char address[INET_ADDRSTRLEN];

	word = value_word(value, word);
	switch (value->kind) {
	case KIND_FD:
		if ((int32_t)word == AT_FDCWD_VALUE) {
			text_put(text, "AT_FDCWD");
			return;
		}
		/* fall through */
	case KIND_PID:
	case KIND_TID:
	case KIND_MSQID:
	case KIND_SEMID:
	case KIND_SHMID:
	case KIND_MQD:
	case KIND_UID:
	case KIND_GID:
		text_int(text, (int32_t)word);
		return;
	case KIND_HEX:
		if (word)
			text_hex(text, value_bits(value, word));
		else
			text_char(text, '0');
		return;
	case KIND_ADDRESS:
	case KIND_SEM:
		if (word)
			text_hex(text, word);
		else
			text_put(text, "NULL");
		return;
	case KIND_MODE:
		text_octal(text, word);
		return;
	case KIND_KEY:
		if (word)
			text_hex(text, (uint32_t)word);
		else
			text_put(text, "IPC_PRIVATE");
		return;
	case KIND_PORT:
		text_put(text, "htons(");
		text_uint(text, __builtin_bswap16((uint16_t)word));
		text_char(text, ')');
		return;
	case KIND_WAIT_STATUS:
		wait_status_print(text, value_enum(catalogue, value), (uint32_t)word);
		return;
	case KIND_IN_ADDR:
		internet_address_write(address, word);
		text_format(text, "inet_addr(\"%s\")", address);
		return;
	case KIND_FLAGS:
		print_flags(text, value_flags(catalogue, value), value, word);
		return;
	case KIND_ENUM:
		print_enum(text, value_enum(catalogue, value), value, word);
		return;
	default:
		if (value->is_signed)
			text_int(text, (int64_t)word);
		else
			text_uint(text, word);
	}
}
