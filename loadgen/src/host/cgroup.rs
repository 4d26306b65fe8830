//! The control groups of this process, and whether they were throttled: `cpu.stat` of its own and
//! of those above it, in either version of control groups (`Documentation/admin-guide/cgroup-v2.rst`,
//! `Documentation/scheduler/sched-bwc.rst`).

use std::path::{Display, Path, PathBuf};
use std::time::Duration;

use super::{Figure, read};

/// Time for which the groups of this process were throttled since they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttling(Duration);

impl Throttling {
    /// Reads the groups from the process's own up to the root.
    pub(super) fn read() -> Figure<Self> {
        let groups = Groups::of("cpu")?;
        let times = groups.each().filter_map(|group| {
            let text = read(group.join("cpu.stat")).ok()?;
            parse_cpu_stat(&text)
        });
        // The root itself is never throttled and says nothing, unless it is a container's.
        let sum = times.reduce(Duration::saturating_add);
        let missing = || format!("no cpu.stat under {} counts throttling", groups.own());
        sum.map(Self).ok_or_else(missing)
    }

    pub(super) fn since(self, before: Self) -> Duration {
        self.0.saturating_sub(before.0)
    }
}

/// The control groups of this process that share out one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Groups {
    root: PathBuf,
    own: PathBuf,
}

impl Groups {
    /// Finds those of a controller: `cpu`, `memory`.
    ///
    /// # Errors
    /// Why there are none.
    pub(crate) fn of(controller: &str) -> Figure<Self> {
        let group = read("/proc/self/cgroup")?;
        let mounts = read("/proc/self/mountinfo")?;
        Self::find(controller, &group, &mounts)
    }

    /// Their directories, from the process's own up to the root.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Path> {
        let groups = self.own.ancestors();
        groups.take_while(|group| group.starts_with(&self.root))
    }

    /// The directory of the process's own.
    pub(crate) fn own(&self) -> Display<'_> {
        self.own.display()
    }

    fn find(controller: &str, group: &str, mounts: &str) -> Figure<Self> {
        // `number:controllers:path`; version 2 names no controllers.
        let lines = group.lines().filter_map(|line| {
            let (_number, rest) = line.split_once(':')?;
            rest.split_once(':')
        });
        let is_among = |list: &str| list.split(',').any(|one| one == controller);
        let first = lines.clone().find(|(controllers, _)| is_among(controllers));
        let unified = lines
            .clone()
            .find(|(controllers, _)| controllers.is_empty());
        let (controllers, path) = first
            .or(unified)
            .ok_or("the process is in no control group")?;
        let wanted = |mount: &Mount<'_>| match controllers {
            "" => mount.kind == "cgroup2",
            _ => mount.kind == "cgroup" && is_among(mount.options),
        };
        let mount = mounts
            .lines()
            .filter_map(mount)
            .find(wanted)
            .ok_or("the control group of the process is not mounted")?;
        let root = PathBuf::from(mount.point);
        let within = Path::new(path).strip_prefix(mount.root);
        // A group outside of what is mounted shows as "/..": then the root of the mount is as near
        // as can be.
        let within = within.ok().filter(|path| !path.starts_with(".."));
        let own = within.map_or_else(|| root.clone(), |within| root.join(within));
        Ok(Self { root, own })
    }
}

struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

/// `id parent major:minor root point options [fields] - type source super-options`
/// (`proc_pid_mountinfo(5)`).
fn mount(line: &str) -> Option<Mount<'_>> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let mut kind = kind.split(' ');
    Some(Mount {
        root: place.next()?,
        point: place.next()?,
        kind: kind.next()?,
        options: kind.nth(1)?,
    })
}

/// `throttled_usec` in version 2, `throttled_time` in nanoseconds in version 1.
fn parse_cpu_stat(text: &str) -> Option<Duration> {
    text.lines().find_map(|line| {
        let (name, number) = line.split_once(' ')?;
        match name {
            "throttled_usec" => number.parse().ok().map(Duration::from_micros),
            "throttled_time" => number.parse().ok().map(Duration::from_nanos),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOUNTS: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpuacct,cpu
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    fn found(group: &str, mounts: &str) -> (PathBuf, PathBuf) {
        let groups = Groups::find("cpu", group, mounts).unwrap();
        (groups.root, groups.own)
    }

    #[test]
    fn where_version_1_has_the_processors_its_group_counts() {
        let (root, own) = found("3:cpuset:/x\n1:cpuacct,cpu:/a/b\n0::/y\n", MOUNTS);
        assert_eq!(root, Path::new("/sys/fs/cgroup/cpu"));
        assert_eq!(own, Path::new("/sys/fs/cgroup/cpu/a/b"));
    }

    #[test]
    fn otherwise_the_one_group_of_version_2_does() {
        let (root, own) = found("3:cpuset:/x\n0::/y\n", MOUNTS);
        assert_eq!(root, Path::new("/sys/fs/cgroup/unified"));
        assert_eq!(own, Path::new("/sys/fs/cgroup/unified/y"));
    }

    #[test]
    fn a_group_is_found_in_a_mount_of_a_part_of_the_tree() {
        let mounts = "41 31 0:38 /pod/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let own = found("0::/pod/1/web\n", mounts).1;
        assert_eq!(own, Path::new("/sys/fs/cgroup/web"));
        for outside in ["0::/pod/2\n", "0::/../x\n"] {
            assert_eq!(found(outside, mounts).1, Path::new("/sys/fs/cgroup"));
        }
    }

    #[test]
    fn both_versions_of_the_counter_are_read_in_their_units() {
        let second = "usage_usec 5\nnr_periods 2\nnr_throttled 1\nthrottled_usec 70\n";
        assert_eq!(parse_cpu_stat(second), Some(Duration::from_micros(70)));
        let first = "nr_periods 2\nnr_throttled 1\nthrottled_time 70\n";
        assert_eq!(parse_cpu_stat(first), Some(Duration::from_nanos(70)));
        assert_eq!(parse_cpu_stat("usage_usec 5\n"), None);
    }

    #[test]
    fn the_groups_lead_up_to_the_root_of_the_mount() {
        let groups = Groups::find("cpu", "1:cpuacct,cpu:/a/b\n", MOUNTS).unwrap();
        let each: Vec<&Path> = groups.each().collect();
        let root = "/sys/fs/cgroup/cpu";
        let expected = [format!("{root}/a/b"), format!("{root}/a"), root.to_owned()];
        assert_eq!(each, expected.each_ref().map(Path::new));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(
            group in "([0-9]:(cpu|)?:/.{0,9}\n|.{0,20}\n){0,4}",
            mounts in "(1 2 3 /.{0,9} /.{0,9} rw - cgroup2? cgroup cpu\n|.{0,40}\n){0,4}",
            stat in "(throttled_(usec|time) [0-9]{0,22}\n|.{0,20}\n){0,4}",
        ) {
            let _found: Figure<Groups> = Groups::find("cpu", &group, &mounts);
            let _time: Option<Duration> = parse_cpu_stat(&stat);
        }
    }
}
