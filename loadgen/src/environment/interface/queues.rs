//! The queues of an interface, and which processors serve them
//! (`Documentation/networking/scaling.rst`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::{cpus, files};
use crate::host::{Figure, unreadable};

/// The queues of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Queues {
    pub(super) receive: Figure<u64>,
    pub(super) transmit: Figure<u64>,
    pub(super) receive_steering: Figure<BTreeMap<String, String>>,
    pub(super) receive_flows: Figure<u64>,
    pub(super) transmit_steering: Figure<BTreeMap<String, String>>,
}

impl Queues {
    /// Reads them in the directory of the interface.
    pub(super) fn read(directory: &Figure<PathBuf>) -> Self {
        let directory = directory.clone().map(|directory| directory.join("queues"));
        let of = |way| {
            directory
                .clone()
                .and_then(|directory| named(&directory, way))
        };
        let (receive, transmit) = (of("rx-"), of("tx-"));
        Self {
            receive: receive.as_ref().map(count).map_err(Clone::clone),
            transmit: transmit.as_ref().map(count).map_err(Clone::clone),
            receive_steering: receive.clone().and_then(|all| steering(&all, "rps_cpus")),
            receive_flows: receive.and_then(|all| flows(&all)),
            transmit_steering: transmit.and_then(|all| steering(&all, "xps_cpus")),
        }
    }
}

/// Directories of queues, by number.
pub(crate) type Directories = BTreeMap<u32, PathBuf>;

fn count(queues: &Directories) -> u64 {
    queues.len() as u64
}

/// The queues of one way, `rx-` or `tx-`, in the directory of an interface's queues.
pub(crate) fn named(directory: &Path, way: &str) -> Figure<Directories> {
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let queues = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let number = name.strip_prefix(way)?.parse().ok()?;
        Some((number, entry.path()))
    });
    Ok(queues.collect())
}

/// Which processors the masks of the queues name, and which queues do: `{"0-3": "0-7"}`. Queues
/// that have no mask are left out.
fn steering(queues: &Directories, file: &str) -> Figure<BTreeMap<String, String>> {
    let mut missing = None;
    let mut pairs = Vec::new();
    for (number, queue) in queues {
        let path = queue.join(file);
        let mask = files::text(&path).and_then(|text| {
            let mask = cpus::parse_mask(&text).map(cpus::list);
            mask.ok_or_else(|| format!("{} is no mask: {text:?}", path.display()))
        });
        match mask {
            Ok(mask) => pairs.push((*number, mask)),
            Err(reason) => {
                missing.get_or_insert(reason);
            }
        }
    }
    match missing {
        Some(reason) if pairs.is_empty() => Err(reason),
        _ => Ok(cpus::by_value(pairs)),
    }
}

fn flows(queues: &Directories) -> Figure<u64> {
    let counts = queues
        .values()
        .map(|queue| files::number::<u64>(queue.join("rps_flow_cnt")));
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_counted_and_summed_up() {
        let unique = format!("loadgen-queues-{}", std::process::id());
        let root = std::env::temp_dir().join(unique);
        for (queue, file, text) in [
            ("rx-0", "rps_cpus", "3\n"),
            ("rx-1", "rps_cpus", "3\n"),
            ("rx-2", "rps_cpus", "0\n"),
            ("tx-0", "xps_cpus", "1\n"),
        ] {
            let queue = root.join("queues").join(queue);
            fs::create_dir_all(&queue).unwrap();
            fs::write(queue.join(file), text).unwrap();
            fs::write(queue.join("rps_flow_cnt"), "256\n").unwrap();
        }
        let read = Queues::read(&Ok(root.clone()));
        fs::remove_dir_all(&root).unwrap();
        assert_eq!((read.receive, read.transmit), (Ok(3), Ok(1)));
        assert_eq!(read.receive_flows, Ok(768));
        let expected = [("0-1", "0-1"), ("none", "2")];
        let expected = expected.map(|(value, queues)| (value.to_owned(), queues.to_owned()));
        assert_eq!(read.receive_steering, Ok(expected.into()));
        let unknown = Queues::read(&Err("a reason".to_owned()));
        assert_eq!(unknown.transmit_steering, Err("a reason".to_owned()));
    }
}
