//! Which processes there are, and which of them an experiment has started.

use std::fs;
use std::io;
use std::path::Path;
use std::process::id;
use std::thread;
use std::time::Duration;

use rustix::process::getpgrp;

use crate::experiment::mark::Mark;
use crate::host::{Figure, unreadable};

/// When a process started, in ticks since the kernel did.
pub(super) fn started(pid: u32) -> Figure<u64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path);
    let text = text.map_err(|error: io::Error| unreadable(Path::new(&path), &error))?;
    let state = parse(&text).ok_or_else(|| format!("{path} is odd: {text:?}"))?;
    Ok(state.started)
}

/// A process as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its number.
    pub(super) pid: u32,
    /// When it started, in ticks since the kernel did.
    pub(super) started: u64,
    /// The number of its process group.
    pub(super) group: u32,
    /// The name of its program.
    pub(super) name: String,
    /// Whether it has one of the marks that were looked for.
    pub(super) is_marked: bool,
    /// Whether it has ended, and only waits for somebody who wants to know how.
    pub(super) is_gone: bool,
}

/// All processes but this one, those that wait for it, such as the shell in which it was started, and what
/// else is in its group.
///
/// # Errors
/// If they cannot be listed.
pub(super) fn all(marks: &[Mark]) -> Figure<Vec<Seen>> {
    let path = Path::new("/proc");
    let entries = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let pids = names.filter_map(|name| name.to_string_lossy().parse().ok());
    let waiting = waiting();
    let own_group = getpgrp().as_raw_nonzero().get().cast_unsigned();
    let others = pids.filter(|pid: &u32| !waiting.contains(pid));
    let seen = others.filter_map(|pid| {
        // One that has gone in the meantime is none.
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let state = parse(&text)?;
        if state.group == own_group {
            return None;
        }
        let is_gone = "ZX".contains(state.letter);
        Some(Seen {
            pid,
            started: state.started,
            group: state.group,
            name: state.name.to_owned(),
            is_marked: !is_gone && is_marked(pid, marks),
            is_gone,
        })
    });
    Ok(seen.collect())
}

/// This process, its parent, the parent of that, and so on.
fn waiting() -> Vec<u32> {
    let mut chain = vec![id()];
    while let Some(pid) = chain.last().filter(|pid| **pid > 1) {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        match parse(&text) {
            Some(state) if !chain.contains(&state.parent) => chain.push(state.parent),
            _ => break,
        }
    }
    chain
}

/// Those that have one of some marks.
///
/// # Errors
/// If processes cannot be listed.
pub(super) fn marked(marks: &[Mark]) -> Figure<Vec<Seen>> {
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = all(marks)?;
    all.retain(|seen| seen.is_marked);
    Ok(all)
}

/// A child that does not run its program yet has no mark, but a copy of the journal's lock, which keeps
/// everybody from looking.
///
/// Of other users' processes nobody but root is told; they are no children of this user.
fn is_marked(pid: u32, marks: &[Mark]) -> bool {
    if marks.is_empty() {
        return false;
    }
    for _look in 0..LOOKS {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let is_program = || fs::read_link(format!("/proc/{pid}/exe")).is_ok();
        // A program that is just being started has none for some microseconds.
        if !environment.is_empty() || !is_program() {
            return marks.iter().any(|mark| mark.is_in(&environment));
        }
        thread::sleep(GLANCE);
    }
    false
}

/// What `/proc/PID/stat` tells: fields 2 to 5 and 22 (`proc_pid_stat(5)`).
#[derive(Debug, PartialEq, Eq)]
struct State<'a> {
    name: &'a str,
    letter: char,
    parent: u32,
    group: u32,
    started: u64,
}

/// The second field is a name, in brackets, that may hold anything.
fn parse(text: &str) -> Option<State<'_>> {
    let (before, rest) = text.rsplit_once(')')?;
    let (_pid, name) = before.split_once('(')?;
    let mut fields = rest.split_ascii_whitespace();
    Some(State {
        name,
        letter: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
        started: fields.nth(16)?.parse().ok()?,
    })
}

/// How often it is looked whether a program has an environment by now.
const LOOKS: usize = 3;
const GLANCE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20";
        let text = format!("17 (a) b (c) {rest}");
        let state = State {
            name: "a) b (c",
            letter: 'S',
            parent: 1,
            group: 2,
            started: 777,
        };
        assert_eq!(parse(&text), Some(state));
        assert!(parse("17 (a) S 1").is_none());
    }

    #[test]
    fn what_others_see_of_this_process_it_knows_itself() {
        let text = fs::read_to_string("/proc/self/stat").unwrap();
        let state = parse(&text).unwrap();
        let group = getpgrp().as_raw_nonzero().get();
        assert_eq!(state.group, group.cast_unsigned());
        assert_eq!(started(id()), Ok(state.started));
    }
}
