//! What a journal holds: lines of JSON. Pure.
//!
//! The first line says whose journal it is. Each line is written as a whole, and counts from when it
//! is on disk; nothing is done that a line announces before. So a last line that is cut short belongs
//! to something that was not done. Any other line that cannot be understood is damage.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::experiment::knob::Knob;
use crate::experiment::mark::Mark;

/// A line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The first line, and no other one.
    Begun(Begun),
    /// A setting may be changed from here on.
    Before {
        /// The setting.
        knob: Knob,
        /// What it was.
        value: String,
    },
    /// A process was started.
    Started(Process),
    /// A process has ended, and its number may be another one's.
    Ended {
        /// Its number.
        pid: u32,
    },
    /// A setting was put back.
    PutBack {
        /// The setting.
        knob: Knob,
    },
    /// Putting back begins: the commands that do it have this mark.
    Restoring {
        /// It is another one each time.
        mark: Mark,
    },
    /// That went to its end, so that what its commands have started may stay.
    Restored {
        /// Which.
        mark: Mark,
    },
}

/// Whose journal it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The version of the format.
    pub schema: JournalSchema,
    /// What changes the settings, for people.
    pub what: String,
    /// Which start of the kernel it was: `/proc/sys/kernel/random/boot_id`.
    pub boot: String,
    /// Which network it was in: the inode of `/proc/self/ns/net`.
    pub network: u64,
    /// The cookie of that network, which tells it from a later one with the same inode; `None` before
    /// Linux 5.14, and in journals of the first versions.
    #[serde(default)]
    pub cookie: Option<u64>,
    /// What is in the environment of every program that is started; `None` in journals of the first
    /// versions.
    #[serde(default)]
    pub mark: Option<Mark>,
}

impl Begun {
    /// Which network it was in.
    #[must_use]
    pub fn network(&self) -> Network {
        Network {
            inode: self.network,
            cookie: self.cookie,
        }
    }
}

/// A network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The inode of `/proc/PID/ns/net`, which is used again after it is gone.
    pub inode: u64,
    /// Its cookie, which is not, if it is known.
    pub cookie: Option<u64>,
}

impl Network {
    /// Whether it is another one than `other` with the same inode: then one of them is gone.
    #[must_use]
    pub fn has_inode_of(self, other: Self) -> bool {
        let cookies = self.cookie.zip(other.cookie);
        self.inode == other.inode && cookies.is_some_and(|(one, other)| one != other)
    }
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JournalSchema {
    /// First version.
    #[serde(rename = "loadgen/journal/1")]
    Journal1,
}

/// A process that an experiment started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started, in ticks since the kernel did: no other process has both.
    pub started: u64,
    /// What it is, for people.
    pub what: String,
}

/// What a journal says is left to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose journal it is.
    pub begun: Begun,
    /// Settings with the values that they had, in the order in which they were written down.
    pub settings: Vec<(Knob, String)>,
    /// Processes that have not ended.
    pub processes: Vec<Process>,
    /// Marks of commands that put something back, and were broken off.
    pub restoring: Vec<Mark>,
    /// Bytes of all whole lines.
    pub length: u64,
}

/// A journal cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line} {reason}")]
pub struct Damage {
    /// The number of the line, from 1.
    pub line: usize,
    /// Half a sentence.
    pub reason: String,
}

/// What the text of a journal says; `None` if it had not even begun, so that nothing was changed.
///
/// # Errors
/// [`Damage`] if a line is not understood, but for a last one that is cut short.
pub fn parse(text: &[u8]) -> Result<Option<Record>, Damage> {
    let mut record: Option<Record> = None;
    for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let damage = |reason: String| Damage {
            line: index + 1,
            reason,
        };
        if !line.ends_with(b"\n") {
            break;
        }
        let entry = serde_json::from_slice::<Entry>(line)
            .map_err(|error| damage(format!("is not understood: {error}")))?;
        let length = line.len() as u64;
        match (&mut record, entry) {
            (None, Entry::Begun(begun)) => {
                record = Some(Record {
                    begun,
                    settings: Vec::new(),
                    processes: Vec::new(),
                    restoring: Vec::new(),
                    length,
                });
            }
            (None, _) => return Err(damage("comes before the beginning".to_owned())),
            (Some(_), Entry::Begun(_)) => return Err(damage("is a second beginning".to_owned())),
            (Some(record), entry) => {
                record.take(entry);
                record.length += length;
            }
        }
    }
    Ok(record)
}

impl Record {
    fn take(&mut self, entry: Entry) {
        match entry {
            // The value before the first change is the one that counts.
            Entry::Before { knob, value } if self.value_of(&knob).is_none() => {
                self.settings.push((knob, value));
            }
            Entry::Begun(_) | Entry::Before { .. } => {}
            Entry::Started(process) => self.processes.push(process),
            Entry::Ended { pid } => self.processes.retain(|process| process.pid != pid),
            Entry::PutBack { knob } => self.settings.retain(|(other, _)| *other != knob),
            Entry::Restoring { mark } => self.restoring.push(mark),
            Entry::Restored { mark } => self.restoring.retain(|other| *other != mark),
        }
    }

    /// What programs carry that must not go on: those of the experiment, and of any putting back that was
    /// broken off.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        let marks = self.begun.mark.iter().chain(&self.restoring);
        marks.cloned().collect()
    }

    /// What a setting was, if it is in the journal.
    #[must_use]
    pub fn value_of(&self, knob: &Knob) -> Option<&str> {
        let mut settings = self.settings.iter();
        let found = settings.find(|(other, _)| other == knob);
        found.map(|(_, value)| value.as_str())
    }
}

/// An entry as a line, with its end.
///
/// # Errors
/// If it has the path of a file that is no text.
pub fn line(entry: &Entry) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn begun() -> Entry {
        Entry::Begun(Begun {
            schema: JournalSchema::Journal1,
            what: "a test".to_owned(),
            boot: "b".to_owned(),
            network: 7,
            cookie: Some(8),
            mark: Some(Mark::draw()),
        })
    }

    fn before(name: &str, value: &str) -> Entry {
        Entry::Before {
            knob: Knob::Sysctl(name.to_owned()),
            value: value.to_owned(),
        }
    }

    fn started(pid: u32) -> Entry {
        Entry::Started(Process {
            pid,
            started: 9,
            what: "server".to_owned(),
        })
    }

    fn text(entries: &[Entry]) -> Vec<u8> {
        entries
            .iter()
            .flat_map(|entry| line(entry).unwrap())
            .collect()
    }

    #[test]
    fn what_is_left_to_be_done_is_what_was_not_undone() {
        let text = text(&[
            begun(),
            before("a", "1"),
            before("b", "2"),
            before("a", "3"),
            started(4),
            started(5),
            Entry::Ended { pid: 4 },
            Entry::PutBack {
                knob: Knob::Sysctl("b".to_owned()),
            },
        ]);
        let record = parse(&text).unwrap().unwrap();
        let knob = Knob::Sysctl("a".to_owned());
        assert_eq!(record.settings, [(knob, "1".to_owned())]);
        let pids: Vec<u32> = record.processes.iter().map(|process| process.pid).collect();
        assert_eq!(pids, [5]);
        assert_eq!(record.length, text.len() as u64);
    }

    #[test]
    fn a_last_line_that_is_cut_short_was_not_acted_on() {
        let whole = text(&[begun(), before("a", "1")]);
        let record = parse(&whole).unwrap();
        let next = line(&before("b", "2")).unwrap();
        for length in 0..next.len() {
            let torn = [whole.as_slice(), &next[..length]].concat();
            assert_eq!(parse(&torn).unwrap(), record, "{length}");
        }
    }

    #[test]
    fn a_journal_that_had_not_begun_leaves_nothing_to_do() {
        let first = line(&begun()).unwrap();
        assert_eq!(parse(b""), Ok(None));
        assert_eq!(parse(&first[..first.len() - 1]), Ok(None));
    }

    #[test]
    fn a_journal_of_the_first_version_is_read() {
        let first =
            br#"{"begun":{"schema":"loadgen/journal/1","what":"x","boot":"b","network":7}}"#;
        let begun = parse(&[first, &b"\n"[..]].concat()).unwrap().unwrap().begun;
        assert_eq!((begun.network, begun.cookie, begun.mark), (7, None, None));
    }

    #[test]
    fn an_inode_is_used_again_and_a_cookie_is_not() {
        let network = |inode, cookie| Network { inode, cookie };
        let one = network(7, Some(1));
        assert!(one.has_inode_of(network(7, Some(2))));
        for other in [one, network(7, None), network(8, Some(2))] {
            assert!(!one.has_inode_of(other), "{other:?}");
        }
    }

    #[test]
    fn any_other_line_that_is_not_understood_is_damage() {
        let (first, second) = (text(&[begun()]), text(&[before("a", "1")]));
        for (text, number) in [
            ([first.as_slice(), b"{\n", &second].concat(), 2),
            ([first.as_slice(), b"\n"].concat(), 2),
            ([first.as_slice(), &second, b"{\"later\":1}\n"].concat(), 3),
            ([first.as_slice(), &first].concat(), 2),
            (second.clone(), 1),
            (b"\0\0\0\n".to_vec(), 1),
        ] {
            let damage = parse(&text).unwrap_err();
            assert_eq!(damage.line, number, "{damage}");
        }
        let later = String::from_utf8(first)
            .unwrap()
            .replace("journal/1", "journal/2");
        assert!(
            parse(later.as_bytes())
                .unwrap_err()
                .to_string()
                .contains("journal/2")
        );
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(bytes: Vec<u8>, lines in "(\\PC{0,40}\n){0,4}") {
            let _read: [Result<Option<Record>, Damage>; 2] = [parse(&bytes), parse(lines.as_bytes())];
        }

        #[test]
        fn every_value_comes_back(name in "\\PC{0,20}", value: String) {
            let text = text(&[begun(), before(&name, &value)]);
            let record = parse(&text).unwrap().unwrap();
            prop_assert_eq!(record.value_of(&Knob::Sysctl(name)), Some(value.as_str()));
        }
    }
}
