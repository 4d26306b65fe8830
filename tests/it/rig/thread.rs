//! What the kernel tells of the threads of a program (`proc_pid_status(5)`).

use std::fs;

/// One thread, at one moment.
#[derive(Debug)]
pub(crate) struct ThreadStatus(String);

/// The threads of a process; one that ends meanwhile is left out.
#[track_caller]
pub(crate) fn threads_of(process: u32) -> Vec<ThreadStatus> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("it has not been reaped");
    let status = |task: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(task.ok()?.path().join("status"));
        Some(ThreadStatus(text.ok()?))
    };
    tasks.filter_map(status).collect()
}

impl ThreadStatus {
    /// What stands behind `name`, with single spaces.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        let mut fields = self.0.lines().filter_map(|line| line.split_once(':'));
        let value = fields.find_map(|(field, value)| (field == name).then_some(value));
        let words: Vec<&str> = value.expect("Linux tells it").split_whitespace().collect();
        words.join(" ")
    }
}

/// How many threads there are of all programs of a user, also of those that have ended and that nobody has
/// waited for.
pub(crate) fn threads_of_user(user: u32) -> u64 {
    let processes = fs::read_dir("/proc").expect("it is mounted");
    let statuses = processes.filter_map(|process| {
        // Most entries are none, and some are gone by now.
        fs::read_to_string(process.ok()?.path().join("status")).ok()
    });
    let own = statuses.filter(|status| first_number(status, "Uid:") == Some(user.into()));
    own.filter_map(|status| first_number(&status, "Threads:"))
        .sum()
}

fn first_number(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}
