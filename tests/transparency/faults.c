// SPDX-License-Identifier: MIT
/*
 * Every traced call that takes pointers is made with bad ones, one argument after the other, in a child of its own:
 * whatever comes of it, an error or a signal, must come of it traced as well. Which arguments are pointers, and what
 * the others mean, is read from the catalogue. faults FROM TO: the slice of the catalogue, in percent.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"
#include "format/catalogue.h"

#define PAGE 4096

typedef long (*any_call)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

/* They end, replace or duplicate the caller whatever they are given, or start code at an address. */
static const char *const left_out[] = {"exit",	     "_exit",	     "quick_exit",     "fork",
				       "vfork",	     "clone",	     "pthread_create", "thrd_create",
				       "syscall",    "pthread_join", "thrd_join",      "kill",
				       "raise",	     "prctl",	     "munmap",	       "mmap",
				       "mremap",     "mprotect",     "pkey_mprotect",  "remap_file_pages",
				       "shmat",	     "wait",	     "pause",	       "mlockall",
				       "munlockall", "closefrom",    "close_range"};

static char *unmapped, *edge;
static int fds[2], file, queue, semaphores, segment;
static mqd_t mailbox;

static int is_left_out(const char *name)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (!strcmp(left_out[i], name))
			return 1;
	return 0;
}

static void prepare(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 64};
	char *pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[32];

	munmap(pages + PAGE, PAGE);
	edge = pages + PAGE - 1;
	unmapped = pages + PAGE + 64;
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	for (int i = 0; i < 4; i++) {
		send(fds[0], "0123456789", 10, 0);
		send(fds[1], "0123456789", 10, 0);
	}
	file = must(open("faults.data", O_RDWR | O_CREAT | O_TRUNC, 0600), "open");
	if (write(file, name, sizeof(name)) != sizeof(name) || lseek(file, 0, SEEK_SET))
		give_up("write");
	queue = must(msgget(IPC_PRIVATE, 0600), "msgget");
	must(msgsnd(queue, &(struct {
			    long type;
			    char text[16];
		    }){1, "x"},
		    16, 0),
	     "msgsnd");
	semaphores = must(semget(IPC_PRIVATE, 4, 0600), "semget");
	segment = must(shmget(IPC_PRIVATE, PAGE, 0600), "shmget");
	snprintf(name, sizeof(name), "/ipctrace-f%d", (int)getpid());
	mailbox = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
	mq_unlink(name);
	mq_send(mailbox, "x", 1, 0);
}

/* Somewhere to point that is as good as any; each argument has its own, since calls write there. */
static uint64_t good_memory(unsigned arg)
{
	static _Alignas(16) char memory[CALL_ARGS_MAX][2 * PAGE];

	return (uint64_t)(uintptr_t)memory[arg];
}

static uint64_t plausible(const struct call_spec *call, unsigned arg, int variant)
{
	const struct value_spec *value = &call->args[arg].value;

	if (value->direction != DIRECTION_NONE)
		return good_memory(arg);
	switch (value->kind) {
	case KIND_FD:
		return (uint64_t)(variant ? file : fds[0]);
	case KIND_SIZE:
	case KIND_UINT:
		return value->width == 8 ? 8 : 1;
	case KIND_MSQID:
		return (uint64_t)queue;
	case KIND_SEMID:
		return (uint64_t)semaphores;
	case KIND_SHMID:
		return (uint64_t)segment;
	case KIND_MQD:
		return (uint64_t)mailbox;
	case KIND_PID:
		return (uint64_t)getpid();
	default:
		return arg == 2 && value->kind != KIND_ADDRESS ? 2 : 0;
	}
}

/* In the child: what came of it goes to the exit status, which is the error number. */
static void make_call(const struct call_spec *call, any_call function, const uint64_t *args)
{
	errno = 0;
	long result = function(args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7]);

	_exit(call_failed(call, call->result.width == 4 ? (int)result : result)
		      ? (call->failure == FAILURE_ERRNO ? (int)result : errno)
		      : 0);
}

/* How it ends, as one character; a call that waits is ended by an alarm, and the same in both runs. */
static void try_call(const struct call_spec *call, any_call function, const uint64_t *args)
{
	pid_t child = must(fork(), "fork");
	int status;

	if (child == 0) {
		struct rlimit none = {0, 0};
		setrlimit(RLIMIT_CORE, &none);
		ualarm(call->waits ? 100000 : 900000, 0);
		make_call(call, function, args);
	}
	must(waitpid(child, &status, 0), "waitpid");
	if (WIFSIGNALED(status))
		printf(" signal-%d", WTERMSIG(status));
	else
		printf(" %d", WEXITSTATUS(status));
}

static int is_pointer(const struct value_spec *value)
{
	return value->direction != DIRECTION_NONE || value->kind == KIND_SELECT || value->kind == KIND_UNRECORDED ||
	       value->kind == KIND_SEM || value->kind == KIND_ADDRESS;
}

static void try_argument(const struct call_spec *call, any_call function, unsigned arg)
{
	const uint64_t bad[] = {(uint64_t)(uintptr_t)unmapped, (uint64_t)(uintptr_t)edge, UINT64_MAX - 4000, 1ull << 63,
				64};

	printf("%s %s:", call->name, call->args[arg].name);
	for (int variant = 0; variant < 2; variant++) {
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			uint64_t args[8] = {0};
			for (unsigned j = 0; j < call->argc; j++)
				args[j] = plausible(call, j, variant);
			args[arg] = bad[i];
			try_call(call, function, args);
		}
	}
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned count = catalogue_builtin.calls_count, tried = 0;
	unsigned from = count * (unsigned)atoi(argv[1]) / 100, to = count * (unsigned)atoi(argv[2]) / 100;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	prepare();
	for (unsigned i = from; i < to; i++) {
		const struct call_spec *call = &catalogue_builtin.calls[i];
		any_call function = (any_call)dlsym(RTLD_DEFAULT, call->name);
		if (!function || is_left_out(call->name))
			continue;
		for (unsigned arg = 0; arg < call->argc; arg++)
			if (is_pointer(&call->args[arg].value)) {
				try_argument(call, function, arg);
				tried++;
			}
	}
	msgctl(queue, IPC_RMID, NULL);
	semctl(semaphores, 0, IPC_RMID);
	shmctl(segment, IPC_RMID, NULL);
	unlink("faults.data");
	printf("%u arguments tried\n", tried);
	return tried ? 0 : 1;
}
