// SPDX-License-Identifier: MIT
/*
 * Children that share their parent's memory: vfork, clone(CLONE_VM|CLONE_VFORK), and clone(CLONE_VM) by function and by
 * number, where parent and child run and trace at the same time with one thread-local storage.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define ROUNDS 20
#define CALLS  5000
#define STACK  (256 * 1024)

static int fds[4];

static void await(pid_t child, const char *what)
{
	int status = 0;

	if (waitpid(child, &status, __WALL) != child)
		give_up("waitpid after %s", what);
	printf("%s: %s %d\n", what, WIFEXITED(status) ? "exit" : "signal",
	       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void vfork_and_exit(void)
{
	pid_t child = vfork();
	char byte;

	if (child == 0) {
		send(fds[0], "v", 1, MSG_DONTWAIT);
		_exit(7);
	}
	await(child, "vfork");
	recv(fds[1], &byte, 1, 0);
}

static void vfork_and_exec(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "exit 8", (char *)NULL);
		_exit(1);
	}
	await(child, "vfork and exec");
}

static void vfork_and_fail(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execl("/nonexistent", "x", (char *)NULL);
		_exit(errno == ENOENT ? 9 : 1);
	}
	await(child, "vfork and failing exec");
}

static int child_send(void *argument)
{
	int fd = *(int *)argument;
	char byte;

	for (int i = 0; i < CALLS; i++)
		if (send(fd, "c", 1, 0) != 1 || recv(fd + 1, &byte, 1, 0) != 1 || byte != 'c')
			syscall(SYS_exit, 1);
	syscall(SYS_exit, 5); /* exit would run what is the parent's to run */
	return 5;
}

static void parent_send(void)
{
	char byte;

	for (int i = 0; i < CALLS; i++)
		if (send(fds[0], "p", 1, 0) != 1 || recv(fds[1], &byte, 1, 0) != 1 || byte != 'p')
			give_up("the parent's message");
}

static void clone_with(int flags, const char *what, char *stack)
{
	pid_t child = clone(child_send, stack + STACK, flags | SIGCHLD, &fds[2]);

	must(child, what);
	if (!(flags & CLONE_VFORK))
		parent_send();
	await(child, what);
}

/* The child begins on its own stack without anything to return to; so it only calls, and ends. */
static void clone_by_number(char *stack)
{
	pid_t child;
	uint64_t *top = (uint64_t *)(stack + STACK) - 2;

	top[0] = (uint64_t)(uintptr_t)child_send;
	top[1] = (uint64_t)(uintptr_t)&fds[2];
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	(void)r10;
	(void)r8;
	/* syscall(SYS_clone, flags, stack, ...) returns on both stacks: the child must find a return address on its own
	 */
	__asm__ volatile("mov %2, %%rdi\n"
			 "mov %3, %%rsi\n"
			 "mov %4, %%rdx\n"
			 "xor %%ecx, %%ecx\n"
			 "xor %%r8d, %%r8d\n"
			 "xor %%r9d, %%r9d\n"
			 "lea 1f(%%rip), %%rax\n"
			 "mov %%rax, -8(%%rdx)\n"
			 "sub $8, %%rdx\n"
			 "xor %%eax, %%eax\n"
			 "call *%1\n"
			 "1: test %%rax, %%rax\n"
			 "jnz 2f\n"
			 "pop %%rax\n"
			 "pop %%rdi\n"
			 "sub $8, %%rsp\n"
			 "and $-16, %%rsp\n"
			 "call *%%rax\n"
			 "ud2\n"
			 "2: mov %%eax, %0\n"
			 : "=r"(child)
			 : "r"(syscall), "i"((long)SYS_clone), "i"((long)(CLONE_VM | SIGCHLD)), "r"(top)
			 : "rax", "rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
	must(child, "clone by number");
	parent_send();
	await(child, "clone(CLONE_VM) by number");
}

int main(void)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds + 2), "socketpair");
	for (int i = 0; i < ROUNDS; i++)
		vfork_and_exit();
	vfork_and_exec();
	vfork_and_fail();
	clone_with(CLONE_VM | CLONE_VFORK, "clone(CLONE_VM|CLONE_VFORK)", stack);
	clone_with(CLONE_VM, "clone(CLONE_VM)", stack);
	clone_by_number(stack);
	clone_with(0, "clone", stack);
	fact_made("send", ROUNDS + CALLS + 3 * 2 * CALLS);
	fact_made("recv", ROUNDS + CALLS + 3 * 2 * CALLS);
	fact_made("vfork", ROUNDS + 2);
	fact_made("socketpair", 2);
	return 0;
}
