// SPDX-License-Identifier: MIT
/*
 * The rows that catalogue/generate.py makes of the `.calls` files: one const row a traced call.
 *
 * Capture, transcoding, printing, comparing and replay all walk these rows; none of them knows a call by name.
 * This header must not contain behaviour beyond look-ups, and nothing here allocates.
 */
#ifndef IPCTRACE_FORMAT_CATALOGUE_H
#define IPCTRACE_FORMAT_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No traced call takes more; mmap, splice and clone take the most. */
#define CALL_ARGS_MAX 8

/* What a value means. The names of the kinds in `.calls` files and in the log are those of kind_names[]. */
enum kind {
	KIND_INT,     /* signed decimal */
	KIND_UINT,    /* unsigned decimal */
	KIND_SIZE,    /* a length in bytes */
	KIND_OFFSET,  /* a position in a file, signed */
	KIND_HEX,     /* a number best read in hexadecimal */
	KIND_ADDRESS, /* an address in the traced process, not followed */
	KIND_FD,      /* a file descriptor */
	KIND_PID,
	KIND_TID,
	KIND_UID,
	KIND_GID,
	KIND_MODE, /* permission bits, octal */
	KIND_KEY,  /* a System V key */
	KIND_MSQID,
	KIND_SEMID,
	KIND_SHMID,
	KIND_MQD,	  /* a POSIX queue descriptor (a file descriptor on Linux) */
	KIND_SEM,	  /* the address of a POSIX semaphore */
	KIND_PORT,	  /* 16 bits in network order */
	KIND_CLOCK_TICKS, /* a time in the tracer's ticks */
	KIND_WAIT_STATUS, /* what wait() says of a child; table = index into enumerations: the signals */
	KIND_IN_ADDR,	  /* an IPv4 address, in network order */
	KIND_FLAGS,	  /* bits by name; table = index into flag sets */
	KIND_ENUM,	  /* one value by name; table = index into enumerations */
	/* From here on: what a pointer points to. */
	KIND_BYTES,	 /* payload: kept up to the limit, hashed whole */
	KIND_STRING,	 /* NUL-terminated, e.g. a path */
	KIND_STRINGS,	 /* NULL-terminated vector of strings, e.g. argv */
	KIND_SOCKADDR,	 /* struct sockaddr of any family */
	KIND_STRUCT,	 /* a struct, or an array of them when a length is given; table = index into structs */
	KIND_IOVEC,	 /* struct iovec array; lengths and gathered payload */
	KIND_MSGHDR,	 /* struct msghdr: name, vector, payload, control messages, flags */
	KIND_MMSGHDR,	 /* array of struct mmsghdr */
	KIND_MSGBUF,	 /* System V message: long type, then payload */
	KIND_FDSET,	 /* fd_set, as many bits as the first argument says */
	KIND_SELECT,	 /* the kind depends on other arguments; table = index into selections */
	KIND_UNRECORDED, /* present in the prototype, absent from the log */
	KIND_COUNT
};

enum direction { DIRECTION_NONE, DIRECTION_IN, DIRECTION_OUT, DIRECTION_INOUT };

/* Where the number of elements (bytes for KIND_BYTES and KIND_SOCKADDR) stands. */
enum length {
	LENGTH_NONE,	/* one element, or self-terminated */
	LENGTH_FIXED,	/* `length_value` elements */
	LENGTH_ARG,	/* the argument number `length_value` */
	LENGTH_POINTED, /* what the argument number `length_value` points to (socklen_t or size_t) */
	LENGTH_RETURN	/* the call's result */
};

enum identity { IDENTITY_NONE, IDENTITY_NEW, IDENTITY_GONE };

/* How a call says that it failed. */
enum failure {
	FAILURE_MINUS_ONE, /* (T)-1, and errno; also (void *)-1 */
	FAILURE_NULL,	   /* NULL, and errno */
	FAILURE_ERRNO,	   /* the result is the error number, 0 is success (pthread_create) */
	FAILURE_NEVER,
	FAILURE_STATUS /* the result is not 0, and says itself what is wrong (thrd_create) */
};

/* What a value is and, behind a pointer, how much of it there is. */
struct value_spec {
	uint8_t kind;	   /* enum kind */
	uint8_t direction; /* enum direction; not NONE = the word is a pointer to this */
	uint8_t width;	   /* bytes of one scalar (of the pointed-to element when there is a direction) */
	uint8_t is_signed;
	uint8_t length; /* enum length */
	uint8_t length_value;
	uint8_t identity; /* enum identity */
	uint8_t optional; /* the word is meaningless unless another argument says so (open's mode) */
	uint16_t table;	  /* which flag set, enumeration, struct or selection */
};

struct arg_spec {
	const char *name;
	struct value_spec value;
};

/* A name for a value; in flag sets a name may cover a field: matched when (value & mask) == value. */
struct name_spec {
	const char *name;
	uint64_t value;
	uint64_t mask;
};

struct names_spec {
	const char *name;
	const struct name_spec *rows;
	uint16_t count;
};

struct field_spec {
	const char *name;
	uint16_t offset;
	struct value_spec value;
};

struct struct_spec {
	const char *name; /* as in C without "struct" */
	uint16_t size;	  /* bytes of one element */
	uint16_t count;	  /* of fields */
	const struct field_spec *fields;
};

/* One row of a selection: when the deciding arguments have these values, the pointer or word is this. */
struct choice_spec {
	int64_t when[2];
	const char *name[2];
	struct value_spec value;
};

/*
 * A value whose kind other arguments decide (setsockopt's optval, fcntl's third). The generator checks that every
 * call using the selection has its deciding arguments at these positions. A row without a direction inherits the
 * argument's; the last row, when `otherwise` is set, stands for everything not named.
 */
struct selection_spec {
	const char *name;
	const char *by_name[2];
	uint8_t by[2];
	uint8_t by_count;
	bool otherwise;
	uint16_t count;
	const struct choice_spec *rows;
};

struct call_spec {
	const char *name;
	const char *prototype; /* the SYNOPSIS line */
	const char *family;    /* without '%' */
	const char *aix;       /* trace hook and name, "3CA MSGRCV", or NULL */
	const char *stap;      /* SystemTap probe alias, "socket.receive", or NULL */
	const char *dtrace;    /* Solaris probe, "syscall::msgsys", or NULL */
	uint8_t argc;
	uint8_t failure;  /* enum failure */
	bool waits;	  /* the time it takes measures a peer, not the call */
	uint8_t captured; /* bit i: argument i has something to capture behind it */
	uint16_t answer;  /* 1 + the selection that says what the result is for some arguments; 0: none */
	struct value_spec result;
	struct arg_spec args[CALL_ARGS_MAX];
};

/* A whole catalogue: the one this build was made with, or the one a log brought along. */
struct catalogue {
	const struct call_spec *calls;
	const struct names_spec *flags;
	const struct names_spec *enums;
	const struct struct_spec *structs;
	const struct selection_spec *selections;
	uint16_t calls_count, flags_count, enums_count, structs_count, selections_count;
};

extern const char *const kind_names[KIND_COUNT];
extern const struct catalogue catalogue_builtin;

/*
 * What argument `arg` of `call` is, given the argument words: follows a selection to its row.
 * `args` holds call->argc words. The result's direction is that of the row, or of the argument when the row has none.
 */
struct value_spec catalogue_resolve(const struct catalogue *catalogue, const struct call_spec *call, unsigned arg,
				    const uint64_t *args);

/*
 * What the result of `call` is, given its argument words: the row of its selection of results, or what it always is. It
 * is a number in any case.
 */
struct value_spec catalogue_answer(const struct catalogue *catalogue, const struct call_spec *call,
				   const uint64_t *args);

/* Whether `result` says that `call` failed. */
static inline bool call_failed(const struct call_spec *call, int64_t result)
{
	switch (call->failure) {
	case FAILURE_MINUS_ONE:
		return result == -1;
	case FAILURE_NULL:
		return result == 0;
	case FAILURE_ERRNO:
	case FAILURE_STATUS:
		return result != 0;
	default:
		return false;
	}
}

#endif
