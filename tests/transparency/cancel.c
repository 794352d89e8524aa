// SPDX-License-Identifier: MIT
/*
 * A thread is cancelled in every cancellation point among the traced calls, while it waits there; another thread then
 * makes the same call to its end. What is no cancellation point returns first.
 */
#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

extern ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
extern ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
			      socklen_t *size);
extern ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
extern ssize_t __send(int fd, const void *buf, size_t len, int flags);
extern ssize_t __read(int fd, void *buf, size_t len);
extern int __poll(struct pollfd *fds, nfds_t count, int timeout);
extern int __select(int nfds, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout);

static int empty[2], full[2], listener, queue, full_queue, epoll, pipes[2], full_pipe[2];
static mqd_t mailbox, full_mailbox;
static sem_t semaphore;
static char page[8192];
static struct iovec vector = {page, sizeof(page)};
static struct timespec later = {4000000000, 0};

static struct mmsghdr messages[1] = {{.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}}};
static fd_set set_of(int fd)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return set;
}

struct sysv_message {
	long type;
	char text[1024];
};

/* Each waits for ever, or would be cancelled at once. */
#define POINTS                                                                                      \
	POINT(accept, accept(listener, NULL, NULL))                                                 \
	POINT(accept4, accept4(listener, NULL, NULL, 0))                                            \
	POINT(recv, recv(empty[0], page, 1, 0))                                                     \
	POINT(__recv_chk, __recv_chk(empty[0], page, 1, sizeof(page), 0))                           \
	POINT(recvfrom, recvfrom(empty[0], page, 1, 0, NULL, NULL))                                 \
	POINT(__recvfrom_chk, __recvfrom_chk(empty[0], page, 1, sizeof(page), 0, NULL, NULL))       \
	POINT(recvmsg, recvmsg(empty[0], &messages[0].msg_hdr, 0))                                  \
	POINT(recvmmsg, recvmmsg(empty[0], messages, 1, 0, NULL))                                   \
	POINT(send, send(full[0], page, sizeof(page), 0))                                           \
	POINT(__send, __send(full[0], page, sizeof(page), 0))                                       \
	POINT(sendto, sendto(full[0], page, sizeof(page), 0, NULL, 0))                              \
	POINT(sendmsg, sendmsg(full[0], &messages[0].msg_hdr, 0))                                   \
	POINT(sendmmsg, sendmmsg(full[0], messages, 1, 0))                                          \
	POINT(read, read(pipes[0], page, 1))                                                        \
	POINT(__read, __read(pipes[0], page, 1))                                                    \
	POINT(__read_chk, __read_chk(pipes[0], page, 1, sizeof(page)))                              \
	POINT(readv, readv(pipes[0], &vector, 1))                                                   \
	POINT(write, write(full_pipe[1], page, sizeof(page)))                                       \
	POINT(writev, writev(full_pipe[1], &vector, 1))                                             \
	POINT(splice, splice(pipes[0], NULL, full_pipe[1], NULL, 1, 0))                             \
	POINT(tee, tee(pipes[0], full_pipe[1], 1, 0))                                               \
	POINT(vmsplice, vmsplice(full_pipe[1], &vector, 1, 0))                                      \
	POINT(poll, poll(&(struct pollfd){empty[0], POLLIN, 0}, 1, -1))                             \
	POINT(__poll, __poll(&(struct pollfd){empty[0], POLLIN, 0}, 1, -1))                         \
	POINT(ppoll, ppoll(&(struct pollfd){empty[0], POLLIN, 0}, 1, NULL, NULL))                   \
	POINT(select, select(empty[0] + 1, (fd_set[]){set_of(empty[0])}, NULL, NULL, NULL))         \
	POINT(__select, __select(empty[0] + 1, (fd_set[]){set_of(empty[0])}, NULL, NULL, NULL))     \
	POINT(pselect, pselect(empty[0] + 1, (fd_set[]){set_of(empty[0])}, NULL, NULL, NULL, NULL)) \
	POINT(epoll_wait, epoll_wait(epoll, (struct epoll_event[1]){}, 1, -1))                      \
	POINT(epoll_pwait, epoll_pwait(epoll, (struct epoll_event[1]){}, 1, -1, NULL))              \
	POINT(epoll_pwait2, epoll_pwait2(epoll, (struct epoll_event[1]){}, 1, NULL, NULL))          \
	POINT(msgsnd, msgsnd(full_queue, &(struct sysv_message){1}, sizeof(page) / 8, 0))           \
	POINT(msgrcv, msgrcv(queue, &(struct sysv_message){1}, 1024, 0, 0))                         \
	POINT(mq_send, mq_send(full_mailbox, page, 1, 0))                                           \
	POINT(mq_timedsend, mq_timedsend(full_mailbox, page, 1, 0, &later))                         \
	POINT(mq_receive, mq_receive(mailbox, page, sizeof(page), NULL))                            \
	POINT(mq_timedreceive, mq_timedreceive(mailbox, page, sizeof(page), NULL, &later))          \
	POINT(sem_wait, sem_wait(&semaphore))                                                       \
	POINT(sem_timedwait, sem_timedwait(&semaphore, &later))                                     \
	POINT(sem_clockwait, sem_clockwait(&semaphore, CLOCK_MONOTONIC, &later))                    \
	POINT(wait, wait(NULL))                                                                     \
	POINT(waitpid, waitpid(-1, NULL, 0))                                                        \
	POINT(wait4, wait4(-1, NULL, 0, NULL))                                                      \
	POINT(waitid, waitid(P_ALL, 0, NULL, WEXITED))

/* These do not wait: the request is there before the call. */
#define POINTS_PENDING                                                    \
	POINT(close, close(-1))                                           \
	POINT(open, open("/dev/null", O_RDONLY))                          \
	POINT(openat, openat(AT_FDCWD, "/dev/null", O_RDONLY))            \
	POINT(creat, creat("/dev/null", 0600))                            \
	POINT(msync, msync(page, 0, MS_ASYNC))                            \
	POINT(pread, pread(-1, page, 1, 0))                               \
	POINT(pwrite, pwrite(-1, page, 1, 0))                             \
	POINT(preadv, preadv(-1, &vector, 1, 0))                          \
	POINT(pwritev, pwritev(-1, &vector, 1, 0))                        \
	POINT(preadv2, preadv2(-1, &vector, 1, 0, 0))                     \
	POINT(pwritev2, pwritev2(-1, &vector, 1, 0, 0))                   \
	POINT(copy_file_range, copy_file_range(-1, NULL, -1, NULL, 1, 0)) \
	POINT(connect, connect(-1, (struct sockaddr *)page, 16))          \
	POINT(fcntl, fcntl(-1, F_SETLKW, &(struct flock){}))

/* No cancellation points: these return, and the thread then ends by itself. */
#define POINTS_NOT                                      \
	POINT(socket, socket(-1, 0, 0))                 \
	POINT(shutdown, shutdown(-1, 0))                \
	POINT(semop, semop(-1, NULL, 0))                \
	POINT(mmap, (long)mmap(NULL, 0, 0, 0, -1, 0))   \
	POINT(munmap, munmap(NULL, 0))                  \
	POINT(madvise, madvise(page, 0, 0))             \
	POINT(sem_trywait, sem_trywait(&semaphore))     \
	POINT(getsockname, getsockname(-1, NULL, NULL)) \
	POINT(dup, dup(-1))                             \
	POINT(msgget, msgget(0x1bad0c0d, 0))            \
	POINT(syscall, syscall(-1))

#define POINT(name, call)              \
	static long point_##name(void) \
	{                              \
		return (long)(call);   \
	}
POINTS POINTS_PENDING POINTS_NOT
#undef POINT

#define POINT(name, call) {#name, point_##name},
	static const struct point {
	const char *name;
	long (*make)(void);
} points[] = {POINTS}, pending[] = {POINTS_PENDING}, not [] = {POINTS_NOT};

static volatile int is_begun, has_cleaned;

static void clean(void *argument)
{
	has_cleaned = 1;
}

static void *run_waiting(void *argument)
{
	const struct point *point = argument;

	pthread_cleanup_push(clean, NULL);
	is_begun = 1;
	point->make();
	pthread_cleanup_pop(0);
	return NULL;
}

static void *run_pending(void *argument)
{
	const struct point *point = argument;
	int unused;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &unused);
	is_begun = 1;
	while (is_begun != 2)
		usleep(10);
	pthread_cleanup_push(clean, NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &unused);
	point->make();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &unused);
	pthread_cleanup_pop(0);
	return "returned";
}

static void try_point(const struct point *point, void *(*run)(void *))
{
	pthread_t thread;
	void *result;

	is_begun = has_cleaned = 0;
	if (pthread_create(&thread, NULL, run, (void *)point))
		give_up("pthread_create");
	while (!is_begun)
		usleep(10);
	if (run == run_waiting)
		usleep(1000);
	pthread_cancel(thread);
	is_begun = 2;
	pthread_join(thread, &result);
	printf("%s: %s, %s\n", point->name, result == PTHREAD_CANCELED ? "cancelled" : (char *)result,
	       has_cleaned ? "cleaned up" : "not cleaned up");
}

static void fill(int fd)
{
	while (send(fd, page, sizeof(page), MSG_DONTWAIT) > 0)
		;
}

static void prepare(void)
{
	struct sockaddr_un address = {AF_UNIX, ""};
	struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 16};
	char name[64];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, empty), "socketpair");
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, full), "socketpair");
	fill(full[0]);
	listener = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	must(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)), "bind");
	must(listen(listener, 1), "listen");
	must(pipe(pipes), "pipe");
	must(pipe(full_pipe), "pipe");
	fcntl(full_pipe[1], F_SETFL, O_NONBLOCK);
	while (write(full_pipe[1], page, sizeof(page)) > 0)
		;
	fcntl(full_pipe[1], F_SETFL, 0);
	epoll = must(epoll_create1(0), "epoll_create1");
	queue = must(msgget(IPC_PRIVATE, 0600), "msgget");
	full_queue = must(msgget(IPC_PRIVATE, 0600), "msgget");
	while (msgsnd(full_queue, &(struct sysv_message){1}, 1024, IPC_NOWAIT) == 0)
		;
	snprintf(name, sizeof(name), "/ipctrace-%d", (int)getpid());
	full_mailbox = mq_open(name, O_RDWR | O_CREAT, 0600, &small);
	mq_unlink(name);
	must(mq_send(full_mailbox, page, 1, 0), "mq_send");
	mailbox = mq_open(name, O_RDWR | O_CREAT, 0600, &small);
	mq_unlink(name);
	sem_init(&semaphore, 0, 0);
}

/* With no child, wait() would not wait. */
static pid_t child_wait(void)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	return child;
}

int main(void)
{
	pid_t child = child_wait();

	prepare();
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		try_point(&points[i], run_waiting);
	for (size_t i = 0; i < sizeof(pending) / sizeof(pending[0]); i++)
		try_point(&pending[i], run_pending);
	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		try_point(&not [i], run_pending);
	msgctl(queue, IPC_RMID, NULL);
	msgctl(full_queue, IPC_RMID, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	send(full[0], page, 1, MSG_DONTWAIT);
	fact_made("pthread_create", sizeof(points) / sizeof(points[0]) + sizeof(pending) / sizeof(pending[0]) +
					    sizeof(not ) / sizeof(not [0]));
	fact_made("recvmsg", 1);
	fact_made("tee", 1);
	fact_made("sem_clockwait", 1);
	fact_made("epoll_pwait2", 1);
	fact_made("creat", 1);
	return 0;
}
