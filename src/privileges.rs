//! What a process may do beyond others, given up for good.

use std::fs;
use std::io;

use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs,
};

/// Empties the capabilities of the calling thread, and keeps every program that it may ever start from
/// having more of them. Threads that it starts from now on inherit both.
///
/// # Errors
/// What the kernel said.
pub fn give_up() -> io::Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    let nothing = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    // A service manager that has left nothing to give up may refuse the call too.
    if capabilities(None)? != nothing {
        set_capabilities(None, nothing)?;
    }
    Ok(())
}

/// Fails if the process has another thread than the calling one: the kernel keeps capabilities and
/// Landlock's rules for each thread, so one that exists already would stay as it is.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] if there is one. Without /proc nobody can tell, and this succeeds.
pub fn sole_thread() -> io::Result<()> {
    match fs::read_dir("/proc/self/task").map(Iterator::count) {
        Ok(threads) if threads > 1 => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!("{threads} threads run already, and each keeps its own privileges"),
        )),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_thread_has_no_capability_left_and_others_keep_theirs() {
        let before = capabilities(None).unwrap();
        let given_up = thread::spawn(|| {
            give_up().unwrap();
            let inherited = thread::spawn(|| capabilities(None).unwrap());
            let own = capabilities(None).unwrap();
            (own, inherited.join().unwrap())
        });
        let (own, inherited) = given_up.join().unwrap();
        for sets in [own, inherited] {
            assert_eq!(sets.effective, CapabilitySet::empty());
            assert_eq!(sets.permitted, CapabilitySet::empty());
            assert_eq!(sets.inheritable, CapabilitySet::empty());
        }
        assert_eq!(capabilities(None).unwrap(), before);
    }

    #[test]
    fn a_second_thread_is_noticed() {
        let error = thread::spawn(|| sole_thread().unwrap_err()).join().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    }
}
