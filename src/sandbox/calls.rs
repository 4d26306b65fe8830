//! The filter of system calls (seccomp).
//!
//! The kernel asks every filter, and the strictest answer counts: killed, then an error, then logged,
//! then let through.

use std::collections::BTreeMap;
use std::io;
use std::process;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::lists::{self, Calls, Condition};
use super::{Mode, Needs};
use crate::udp::Effect;

/// Binds the calling thread, and those that it starts from now on.
pub(super) fn restrict(mode: Mode, needs: &Needs) -> Effect<bool> {
    Effect::from_result(install(mode, needs).map(|()| true))
}

fn install(mode: Mode, needs: &Needs) -> io::Result<()> {
    let refused = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let absent = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let allowed = lists::allowed(needs, process::id());
    let filters = match mode {
        Mode::Off => Vec::new(),
        Mode::Log => vec![but(allowed, SeccompAction::Log)?],
        Mode::Enforce => vec![
            only(lists::FATAL, SeccompAction::KillProcess)?,
            only(lists::ABSENT, absent)?,
            // Last, since it lets no further filter through.
            but(allowed, refused)?,
        ],
    };
    filters.iter().try_for_each(apply)
}

/// Does this to these calls, and nothing to others.
fn only(calls: &[c_long], action: SeccompAction) -> io::Result<BpfProgram> {
    let calls = calls.iter().map(|call| (*call, Vec::new())).collect();
    compiled(calls, SeccompAction::Allow, action)
}

/// Does this to all but these calls.
fn but(calls: Calls, action: SeccompAction) -> io::Result<BpfProgram> {
    compiled(calls, action, SeccompAction::Allow)
}

fn compiled(calls: Calls, others: SeccompAction, these: SeccompAction) -> io::Result<BpfProgram> {
    // An architecture that the compiler of filters does not know goes without.
    let architecture = TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|_unknown| io::Error::from(io::ErrorKind::Unsupported))?;
    let rules: Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> = calls
        .into_iter()
        .map(|(call, ways)| {
            let rules: Result<_, _> = ways.into_iter().map(rule).collect();
            Ok((call, rules?))
        })
        .collect();
    rules
        .and_then(|rules| SeccompFilter::new(rules, others, these, architecture)?.try_into())
        .map_err(io::Error::other)
}

fn rule(conditions: Vec<Condition>) -> Result<SeccompRule, seccompiler::BackendError> {
    let conditions = conditions.into_iter().map(|condition| {
        SeccompCondition::new(
            condition.argument,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(condition.mask.into()),
            condition.value.into(),
        )
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

fn apply(filter: &BpfProgram) -> io::Result<()> {
    apply_filter(filter).map_err(|error| match error {
        // No seccomp at all, none with filters, or not this answer (seccomp(2)).
        seccompiler::Error::Prctl(source) | seccompiler::Error::Seccomp(source)
            if matches!(
                source.raw_os_error(),
                Some(libc::ENOSYS | libc::EINVAL | libc::EOPNOTSUPP)
            ) =>
        {
            io::ErrorKind::Unsupported.into()
        }
        seccompiler::Error::Prctl(source) | seccompiler::Error::Seccomp(source) => source,
        other => io::Error::other(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::net::UdpSocket;
    use std::os::unix::net::{UnixDatagram, UnixStream};
    use std::process::Command;
    use std::thread;

    /// What comes of it in a thread that is bound, while the others are not.
    fn bound<T: Send + 'static>(
        needs: Needs,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let thread = thread::spawn(move || match restrict(Mode::Enforce, &needs) {
            Effect::Applied(_) => Some(act()),
            Effect::Unsupported => None,
            Effect::Failed(reason) => panic!("{reason}"),
        });
        thread.join().unwrap()
    }

    fn refused<T>(result: io::Result<T>) -> bool {
        result.is_err_and(|error| error.raw_os_error() == Some(libc::EPERM))
    }

    #[test]
    fn a_bound_thread_opens_no_file_no_socket_and_no_process() {
        bound(Needs::default(), || {
            assert!(refused(File::open("/proc/self/status")));
            assert!(refused(UdpSocket::bind("127.0.0.1:0")));
            assert!(refused(UnixDatagram::unbound()));
            assert!(refused(Command::new("/bin/true").status()));
            // But another thread, and a pair of sockets for signals.
            thread::spawn(|| ()).join().unwrap();
            UnixStream::pair().unwrap();
            // Of which one end could send elsewhere.
            assert!(refused(UnixDatagram::pair()));
        });
        File::open("/proc/self/status").unwrap();
    }

    #[test]
    fn a_need_for_files_lets_them_through_and_no_other() {
        let reads = Needs {
            reads: vec!["/proc".into()],
            ..Needs::default()
        };
        bound(reads, || {
            File::open("/proc/self/status").unwrap();
            assert!(refused(UnixDatagram::unbound()));
        });
    }

    #[test]
    fn a_socket_that_is_connected_goes_on_to_send_and_is_connected_to_no_other() {
        let path = std::env::temp_dir().join(format!("echo-reactor-calls-{}", process::id()));
        let manager = UnixDatagram::bind(&path).unwrap();
        let socket = UnixDatagram::unbound().unwrap();
        socket.connect(&path).unwrap();
        let name = path.clone();
        let sent = bound(Needs::default(), move || {
            socket.send(b"word").unwrap();
            assert!(refused(socket.connect(name)));
        });
        std::fs::remove_file(path).unwrap();
        if sent.is_some() {
            assert_eq!(manager.recv(&mut [0; 8]).unwrap(), 4);
        }
    }

    #[test]
    fn only_logging_refuses_nothing() {
        let logged = thread::spawn(|| {
            let effect = restrict(Mode::Log, &Needs::default());
            (effect, File::open("/proc/self/status").is_ok())
        });
        let (effect, opened) = logged.join().unwrap();
        assert!(opened, "{effect:?}");
    }
}
