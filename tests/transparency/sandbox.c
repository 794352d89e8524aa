// SPDX-License-Identifier: MIT
/*
 * Programs that forbid themselves system calls: any that the tracer makes kills them. sandbox WHICH
 *   strict          prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)
 *   filter          prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER): what libc itself needs, for threads and children too
 *   number          the same by syscall(SYS_seccomp)
 *   prctl-number    the same by syscall(SYS_prctl)
 *   inherited       a program that is started under the filter, which allows what the dynamic linker needs as well
 *   unnoticed       the same, and it makes a child by number
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define CALLS 30000

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	/* the program's own */
	ALLOW(sendto),
	ALLOW(recvfrom),
	ALLOW(write),
	ALLOW(read),
	ALLOW(exit_group),
	ALLOW(exit),
	ALLOW(wait4),
	ALLOW(getsockname),
	ALLOW(close),
	ALLOW(select),
	ALLOW(pselect6),
	/* what libc makes of pthread_create, pthread_join, fork and stdio */
	ALLOW(clone),
	ALLOW(vfork),
	ALLOW(clone3),
	ALLOW(mmap),
	ALLOW(munmap),
	ALLOW(mprotect),
	ALLOW(madvise),
	ALLOW(brk),
	ALLOW(rseq),
	ALLOW(set_robust_list),
	ALLOW(rt_sigprocmask),
	ALLOW(rt_sigreturn),
	ALLOW(newfstatat),
	ALLOW(rt_sigaction),
	ALLOW(getrandom),
	/* what the kernel, the dynamic linker and libc make of execve, before main */
	ALLOW(execve),
	ALLOW(openat),
	ALLOW(pread64),
	ALLOW(access),
	ALLOW(arch_prctl),
	ALLOW(set_tid_address),
	ALLOW(prlimit64),
	ALLOW(socketpair),
	/* futexes without a wake of anybody's collector: only private ones */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 128 /* FUTEX_PRIVATE_FLAG */, 0, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static int fds[2];

static void talk(void)
{
	char byte;

	for (int i = 0; i < CALLS; i++)
		if (send(fds[0], "x", 1, 0) != 1 || recv(fds[1], &byte, 1, 0) != 1)
			_exit(50);
}

static void *talk_in_thread(void *argument)
{
	talk();
	return NULL;
}

/* Arguments behind which the tracer would like to look, with the kernel's help. */
static void ask(void)
{
	static struct sockaddr_storage address;
	static socklen_t size = sizeof(address);
	struct timeval none = {0, 0};
	fd_set set;

	getsockname(fds[0], (struct sockaddr *)&address, &size);
	recvfrom(fds[1], NULL, 0, MSG_DONTWAIT, (struct sockaddr *)&address, &size);
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	select(fds[0] + 1, NULL, &set, NULL, &none);
	send(fds[0], address_bad(), 1, 0);
	write(fds[0], address_bad(), 1);
}

static void say_end(const char *how, int status)
{
	printf("%s: %x\n", how, (unsigned)status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 42)
		give_up("the child did not end well");
}

static int run_strict(void)
{
	pid_t child = must(fork(), "fork");
	int status;

	if (child == 0) {
		must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT), "strict");
		for (int i = 0; i < CALLS; i++) {
			char byte;
			if (write(fds[0], "x", 1) != 1 || read(fds[1], &byte, 1) != 1)
				syscall(SYS_exit, 50);
		}
		syscall(SYS_exit, 42);
	}
	must(waitpid(child, &status, 0), "waitpid");
	say_end("strict", status);
	fact_made("write", CALLS);
	fact_made("read", CALLS);
	return 0;
}

static void enter(const char *how)
{
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	if (!strcmp(how, "filter"))
		must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), how);
	else if (!strcmp(how, "number"))
		must((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), how);
	else
		must((int)syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), how);
}

/* All that a program does that is confined. */
static void run_confined(void)
{
	pthread_t thread;
	pid_t child;
	int status;

	ask();
	talk();
	if (pthread_create(&thread, NULL, talk_in_thread, NULL))
		_exit(51);
	pthread_join(thread, NULL);
	child = fork();
	if (child == 0) {
		talk();
		_exit(7);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
		_exit(52);
	child = vfork();
	if (child == 0) {
		send(-1, NULL, 0, 0);
		_exit(8);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 8)
		_exit(53);
}

/* A program of its own that finds itself confined; libc's fork handlers do not run for its last child. */
static int run_inside(void)
{
	int status;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	run_confined();
	pid_t child = _Fork();
	if (child == 0) {
		talk();
		_exit(9);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 9)
		_exit(54);
	return 42;
}

/* The same with a child that nobody there can notice: neither of the two is recorded from then on, nor harmed. */
static int run_unnoticed(void)
{
	int status;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		talk();
		syscall(SYS_exit_group, 10);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 10)
		_exit(56);
	talk();
	return 42;
}

static void run_filtered(const char *how)
{
	bool inherits = !strcmp(how, "inherited");

	if (inherits || !strcmp(how, "unnoticed")) {
		enter("filter");
		execl("/proc/self/exe", "sandbox", inherits ? "inside" : "inside-unnoticed", NULL);
		_exit(55);
	}
	enter(how);
	run_confined();
}

int main(int argc, char **argv)
{
	int status, talks = strcmp(argv[1], "inherited") ? 3 : 4;
	unsigned asked = 2;

	if (!strcmp(argv[1], "inside"))
		return run_inside();
	if (!strcmp(argv[1], "inside-unnoticed"))
		return run_unnoticed();
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	if (!strcmp(argv[1], "strict"))
		return run_strict();
	pid_t child = must(fork(), "fork");
	if (child == 0) {
		run_filtered(argv[1]);
		_exit(42);
	}
	must(waitpid(child, &status, 0), "waitpid");
	say_end(argv[1], status);
	if (!strcmp(argv[1], "unnoticed")) {
		talks = 2;
		asked = 0;
	}
	fact_made("send", (unsigned long)talks * CALLS + asked);
	fact_made("recv", (unsigned long)talks * CALLS);
	return 0;
}
