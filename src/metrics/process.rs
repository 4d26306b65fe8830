//! What the system says of this process, under the names that every exporter has for it.
//!
//! The files are opened once and read again and again, so that a process that may open none any
//! more still knows.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use rustix::fs::Dir;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::exposition::Page;
use super::names::Family;

/// Where a process reads of itself.
#[derive(Debug)]
pub struct Process {
    started: Option<f64>,
    memory: Option<File>,
    /// Bytes.
    page: u64,
    descriptors: Mutex<Option<Dir>>,
}

/// What it read; what the system does not tell is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Seconds since 1970.
    pub start_time: Option<f64>,
    /// Seconds.
    pub cpu: Option<f64>,
    /// Bytes.
    pub resident_memory: Option<u64>,
    /// Open files and sockets.
    pub open_descriptors: Option<u64>,
    /// How many of them may be open.
    pub most_descriptors: Option<u64>,
}

impl Process {
    /// The process that calls; it counts as started now.
    #[must_use]
    pub fn this() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let descriptors = File::open("/proc/self/fd").ok();
        Self {
            started: since.ok().map(|since| since.as_secs_f64()),
            memory: File::open("/proc/self/statm").ok(),
            page: rustix::param::page_size() as u64,
            descriptors: Mutex::new(descriptors.and_then(|file| Dir::new(file).ok())),
        }
    }

    /// What it uses now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = std::time::Duration::try_from(cpu).ok();
        Usage {
            start_time: self.started,
            cpu: cpu.map(|cpu| cpu.as_secs_f64()),
            resident_memory: self.resident_pages().map(|pages| pages * self.page),
            open_descriptors: self.count_descriptors(),
            most_descriptors: getrlimit(Resource::Nofile).current,
        }
    }

    /// The second number of `statm` (proc(5)).
    fn resident_pages(&self) -> Option<u64> {
        let mut text = [0; 128];
        let length = self.memory.as_ref()?.read_at(&mut text, 0).ok()?;
        let text = std::str::from_utf8(&text[..length]).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    }

    fn count_descriptors(&self) -> Option<u64> {
        let guard = self.descriptors.lock();
        let mut guard = guard.unwrap_or_else(PoisonError::into_inner);
        let directory = guard.as_mut()?;
        directory.rewind();
        let mut count = 0;
        for entry in directory {
            let named = entry.ok()?;
            count += u64::from(!named.file_name().to_bytes().starts_with(b"."));
        }
        Some(count)
    }
}

impl Collector for Usage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(&mut encoder);
        if let Some(start) = self.start_time {
            page.seconds(START_TIME, start)?;
        }
        if let Some(cpu) = self.cpu {
            page.seconds_so_far(CPU, cpu)?;
        }
        for (family, value) in [
            (RESIDENT_MEMORY, self.resident_memory),
            (OPEN_DESCRIPTORS, self.open_descriptors),
            (MOST_DESCRIPTORS, self.most_descriptors),
        ] {
            if let Some(value) = value {
                page.gauge(family, value)?;
            }
        }
        Ok(())
    }
}

const START_TIME: Family = Family {
    name: "process_start_time",
    unit: Some("seconds"),
    help: "When the process started, since 1970",
};

const CPU: Family = Family {
    name: "process_cpu",
    unit: Some("seconds"),
    help: "Processor time of all its threads, in user space and in the kernel",
};

const RESIDENT_MEMORY: Family = Family {
    name: "process_resident_memory",
    unit: Some("bytes"),
    help: "Memory that it has in RAM",
};

const OPEN_DESCRIPTORS: Family = Family {
    name: "process_open_fds",
    unit: None,
    help: "Open files and sockets",
};

const MOST_DESCRIPTORS: Family = Family {
    name: "process_max_fds",
    unit: None,
    help: "How many files and sockets may be open",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_what_it_uses() {
        let process = Process::this();
        let before = process.usage();
        assert!(before.resident_memory > Some(1 << 16), "{before:?}");
        assert!(before.most_descriptors >= before.open_descriptors);
        let more: Vec<File> = (0..50).map(|_| File::open("/dev/null").unwrap()).collect();
        let after = process.usage();
        // Other tests of this process open and close files too, but not so many.
        assert!(
            after.open_descriptors > before.open_descriptors,
            "{after:?}"
        );
        assert!(after.cpu > Some(0.0));
        drop(more);
    }
}
