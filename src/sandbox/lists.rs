//! Which system calls a running server makes: measured by a tracer over all modes, and held to by the
//! tests. Pure.

use std::collections::BTreeMap;

use libc::c_long;

use super::Needs;

/// Calls, each with the ways in which it may be made: of one of them all conditions must hold. Without
/// any, it is always let through.
pub(super) type Calls = BTreeMap<c_long, Vec<Vec<Condition>>>;

/// What the bits of one argument must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Condition {
    /// Which argument, counted from 0.
    pub(super) argument: u8,
    /// The bits that matter.
    pub(super) mask: u32,
    /// What they must be.
    pub(super) value: u32,
}

/// Everything that a server with such needs does once its sockets are open; `own` is the number of
/// its process.
pub(super) fn allowed(needs: &Needs, own: u32) -> Calls {
    let mut calls = Calls::new();
    always(&mut calls, DATAGRAMS);
    always(&mut calls, MEMORY_AND_THREADS);
    always(&mut calls, IDENTITY);
    always(&mut calls, OUTPUT_AND_SIGNALS);
    always(&mut calls, OF_OLD_ARCHITECTURES);
    if !needs.reads.is_empty() {
        always(&mut calls, FILES);
        always(&mut calls, FILES_OF_OLD_ARCHITECTURES);
    }
    if needs.accepts {
        always(&mut calls, CONNECTIONS);
        // Whoever accepts a connection has it not wait.
        only_if(&mut calls, libc::SYS_ioctl, is(1, FIONBIO));
        // How many files it may open.
        only_if(&mut calls, libc::SYS_prlimit64, is(0, 0));
    }
    if needs.steers {
        for option in [
            libc::SO_ATTACH_REUSEPORT_CBPF,
            libc::SO_DETACH_REUSEPORT_BPF,
        ] {
            only_if(
                &mut calls,
                libc::SYS_setsockopt,
                is(2, option.cast_unsigned()),
            );
        }
        only_if(
            &mut calls,
            libc::SYS_membarrier,
            is(0, MEMBARRIER_CMD_GLOBAL),
        );
    }
    // To die of a signal that was taken.
    for signal in [libc::SYS_kill, libc::SYS_tgkill] {
        only_if(&mut calls, signal, is(0, own));
    }
    for name_something in [libc::PR_SET_NAME, libc::PR_SET_VMA] {
        let name_something = is(0, name_something.cast_unsigned());
        only_if(&mut calls, libc::SYS_prctl, name_something);
    }
    // Of files: to copy them, and to have them not wait. Not to have the kernel signal whomever they name
    // (`F_SETOWN`, `F_SETSIG`, `O_ASYNC`), which asks for no permission to signal that one.
    for command in [
        libc::F_DUPFD_CLOEXEC,
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
    ] {
        only_if(&mut calls, libc::SYS_fcntl, is(1, command.cast_unsigned()));
    }
    only_if_all(
        &mut calls,
        libc::SYS_fcntl,
        vec![is(1, libc::F_SETFL.cast_unsigned()), NO_SIGNALS],
    );
    // Pairs that stay pairs: for signals, and to speak with a successor. Landlock does not guard Unix
    // sockets with a path, so that no other one is opened, nor connected.
    for kind in [libc::SOCK_STREAM, libc::SOCK_SEQPACKET] {
        only_if_all(&mut calls, libc::SYS_socketpair, vec![UNIX, of_kind(kind)]);
    }
    // No memory that a fault may have filled becomes code, and no process is born.
    only_if(&mut calls, libc::SYS_mmap, NO_CODE);
    only_if(&mut calls, libc::SYS_mprotect, NO_CODE);
    only_if(&mut calls, libc::SYS_clone, A_THREAD);
    calls
}

fn always(calls: &mut Calls, list: &[c_long]) {
    calls.extend(list.iter().map(|call| (*call, Vec::new())));
}

fn only_if(calls: &mut Calls, call: c_long, condition: Condition) {
    only_if_all(calls, call, vec![condition]);
}

fn only_if_all(calls: &mut Calls, call: c_long, conditions: Vec<Condition>) {
    match calls.get_mut(&call) {
        Some(ways) if ways.is_empty() => {}
        Some(ways) => ways.push(conditions),
        None => drop(calls.insert(call, vec![conditions])),
    }
}

const fn is(argument: u8, value: u32) -> Condition {
    Condition {
        argument,
        mask: u32::MAX,
        value,
    }
}

/// The kernel looks at 32 bits of it, and so does the filter (`ioctl` in `fs/ioctl.c`).
#[expect(
    clippy::cast_possible_truncation,
    reason = "the constants of `ioctl` have 32 bits"
)]
const FIONBIO: u32 = libc::FIONBIO as u32;

/// From `include/uapi/linux/membarrier.h`.
const MEMBARRIER_CMD_GLOBAL: u32 = 1;

/// A socket of this kind, whatever flags come with it (`SOCK_TYPE_MASK` in `include/linux/net.h`).
const fn of_kind(kind: libc::c_int) -> Condition {
    Condition {
        argument: 1,
        mask: 0xf,
        value: kind.cast_unsigned(),
    }
}

const UNIX: Condition = is(0, libc::AF_UNIX.cast_unsigned());

const NO_SIGNALS: Condition = Condition {
    argument: 2,
    mask: libc::O_ASYNC.cast_unsigned(),
    value: 0,
};

const NO_CODE: Condition = Condition {
    argument: 2,
    mask: libc::PROT_EXEC.cast_unsigned(),
    value: 0,
};

const A_THREAD: Condition = Condition {
    argument: 0,
    mask: libc::CLONE_THREAD.cast_unsigned(),
    value: libc::CLONE_THREAD.cast_unsigned(),
};

const DATAGRAMS: &[c_long] = &[
    libc::SYS_recvmmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_epoll_ctl,
    libc::SYS_getsockopt,
    libc::SYS_getsockname,
    libc::SYS_clock_gettime,
];

const MEMORY_AND_THREADS: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_nanosleep,
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
];

/// What only tells the caller who it is, and cannot fail: libraries panic if it does.
const IDENTITY: &[c_long] = &[
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
];

const OUTPUT_AND_SIGNALS: &[c_long] = &[
    libc::SYS_close,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_shutdown,
    libc::SYS_sigaltstack,
    libc::SYS_write,
    libc::SYS_writev,
];

/// The names that newer calls had before, where they are still used.
#[cfg(target_arch = "x86_64")]
const OF_OLD_ARCHITECTURES: &[c_long] = &[libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const OF_OLD_ARCHITECTURES: &[c_long] = &[];

/// What reading files takes. Which files, is for Landlock to say.
const FILES: &[c_long] = &[
    libc::SYS_fstat,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_pread64,
    libc::SYS_readlinkat,
    libc::SYS_statx,
];

#[cfg(target_arch = "x86_64")]
const FILES_OF_OLD_ARCHITECTURES: &[c_long] = &[
    libc::SYS_lstat,
    libc::SYS_open,
    libc::SYS_readlink,
    libc::SYS_stat,
];
#[cfg(not(target_arch = "x86_64"))]
const FILES_OF_OLD_ARCHITECTURES: &[c_long] = &[];

/// What it takes to serve the connections of a listener that is open, and to tell them of this
/// process what stands in files that are open too.
const CONNECTIONS: &[c_long] = &[
    libc::SYS_accept4,
    libc::SYS_epoll_create1,
    libc::SYS_eventfd2,
    libc::SYS_getdents64,
    libc::SYS_getpeername,
    libc::SYS_lseek,
    libc::SYS_pread64,
    libc::SYS_setsockopt,
];

/// The calls that no fault of an honest server makes: the process is killed at once.
pub(super) const FATAL: &[c_long] = &[
    libc::SYS_bpf,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    libc::SYS_mount,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_setns,
    libc::SYS_unshare,
];

/// The C library takes "there is no such call" for a reason to use `clone`, whose flags a filter can
/// read, while those of `clone3` are behind a pointer.
pub(super) const ABSENT: &[c_long] = &[libc::SYS_clone3];

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Needs)) -> Calls {
        let mut needs = Needs::default();
        change(&mut needs);
        allowed(&needs, 7)
    }

    #[test]
    fn who_needs_nothing_opens_nothing_and_starts_nothing() {
        let calls = allowed(&Needs::default(), 7);
        let opening = [libc::SYS_openat, libc::SYS_socket];
        for call in opening.iter().chain(&[libc::SYS_bind, libc::SYS_connect]) {
            assert!(!calls.contains_key(call), "{call}");
        }
        for call in FATAL {
            assert!(!calls.contains_key(call), "{call}");
        }
        assert_eq!(calls[&libc::SYS_clone], [[A_THREAD]]);
        assert_eq!(calls[&libc::SYS_kill], [[is(0, 7)]]);
    }

    /// The kernel remembers the verdict on a call whose arguments do not matter.
    #[test]
    fn what_is_called_for_datagrams_is_judged_by_its_number_alone() {
        let calls = allowed(&Needs::default(), 7);
        for call in DATAGRAMS.iter().chain(OF_OLD_ARCHITECTURES) {
            assert!(calls[call].is_empty(), "{call}");
        }
    }

    #[test]
    fn each_need_adds_its_calls_and_no_other() {
        let files = with(|needs| needs.reads.push("/proc".into()));
        assert!(files.contains_key(&libc::SYS_openat) && !files.contains_key(&libc::SYS_accept4));
        let accepts = with(|needs| needs.accepts = true);
        assert!(
            accepts.contains_key(&libc::SYS_accept4) && !accepts.contains_key(&libc::SYS_openat)
        );
        assert_eq!(accepts[&libc::SYS_ioctl], [[is(1, FIONBIO)]]);
        let steers = with(|needs| needs.steers = true);
        let option = |name: libc::c_int| [is(2, name.cast_unsigned())];
        let options = [
            libc::SO_ATTACH_REUSEPORT_CBPF,
            libc::SO_DETACH_REUSEPORT_BPF,
        ]
        .map(option);
        assert_eq!(steers[&libc::SYS_setsockopt], options);
    }
}
