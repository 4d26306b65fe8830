//! Settings on a tree of files that stands for `/proc` and `/sys`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A tree that goes with the value.
struct Tree(PathBuf);

impl Tree {
    fn of(files: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let unique = format!("loadgen-knob-{}-{number}", std::process::id());
        let tree = Self(std::env::temp_dir().join(unique));
        for (path, text) in files {
            let path = tree.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        tree
    }

    fn root(&self) -> Root {
        Root::made_up(&self.0)
    }

    #[track_caller]
    fn assert(&self, path: &str, text: &str) {
        let found = fs::read_to_string(self.0.join(path)).unwrap();
        assert_eq!(found.trim(), text, "{path}");
    }

    /// Changes a knob and puts it back: all files are as they were.
    #[track_caller]
    fn assert_goes_back(&self, knob: &Knob, level: &str, changed: &[(&str, &str)]) {
        let root = self.root();
        let all = self.all();
        knob.may_change_under(&root).unwrap();
        let before = knob.read_under(&root).unwrap();
        knob.apply_under(&root, level).unwrap();
        for (path, text) in changed {
            self.assert(path, text);
        }
        assert_ne!(self.all(), all);
        knob.put_back_under(&root, &before).unwrap();
        assert_eq!(self.all(), all, "{before}");
    }

    /// What all files hold.
    fn all(&self) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), fs::read_to_string(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // What is left lies among temporary files.
        let _removed: std::io::Result<()> = fs::remove_dir_all(&self.0);
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn a_sysctl_goes_there_and_back() {
    let path = "proc/sys/net/core/busy_poll";
    let tree = Tree::of(&[(path, "0")]);
    tree.assert_goes_back(
        &Knob::Sysctl(text("net.core.busy_poll")),
        "50",
        &[(path, "50")],
    );
}

#[test]
fn a_file_is_set_wherever_it_is_linked_from_but_not_outside() {
    let tree = Tree::of(&[("sys/kernel/mm/enabled", "always"), ("elsewhere", "x")]);
    let link =
        |from: &str, to: &str| std::os::unix::fs::symlink(tree.0.join(to), tree.0.join(from));
    link("sys/linked", "sys/kernel/mm/enabled").unwrap();
    link("sys/outside", "elsewhere").unwrap();
    let root = tree.root();
    Knob::File("/sys/linked".into())
        .apply_under(&root, "never")
        .unwrap();
    tree.assert("sys/kernel/mm/enabled", "never");
    for path in ["/sys/outside", "/elsewhere", "/sys/../elsewhere"] {
        let refused = Knob::File(path.into()).apply_under(&root, "y").unwrap_err();
        assert!(
            refused.to_string().contains("not below /sys or /proc"),
            "{refused}"
        );
    }
    tree.assert("elsewhere", "x");
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let tree = Tree::of(&[("proc/sys/vm/swappiness", "60")]);
    let knob = Knob::Sysctl(text("vm.no_such_thing"));
    let missing = knob.apply_under(&tree.root(), "1").unwrap_err();
    assert!(
        missing.to_string().contains("sysctl vm.no_such_thing to 1"),
        "{missing}"
    );
    assert!(!tree.0.join("proc/sys/vm/no_such_thing").exists());
    assert!(matches!(
        knob.read_under(&tree.root()),
        Err(KnobError::Unreadable { .. })
    ));
    assert!(matches!(
        knob.may_change_under(&tree.root()),
        Err(KnobError::Unchangeable { .. })
    ));
}

#[test]
fn what_could_not_be_written_back_is_not_to_be_changed() {
    let path = "proc/sys/vm/swappiness";
    let tree = Tree::of(&[(path, "60\n61")]);
    let knob = Knob::Sysctl(text("vm.swappiness"));
    let refused = knob.may_change_under(&tree.root()).unwrap_err();
    assert!(refused.to_string().contains("one line"), "{refused}");
    let refused = knob.rehearse_under(&tree.root(), "60\n61").unwrap_err();
    assert!(refused.to_string().contains(r"60\n61"), "{refused}");
    tree.assert(path, "60\n61");
}

#[test]
fn a_file_that_shows_another_form_than_it_takes_has_no_way_back() {
    let tree = Tree::of(&[("proc/sys/kernel/plain", "1")]);
    // It is shown in hexadecimal, and a number that begins with a zero is read as octal.
    let odd = tree.0.join("proc/sys/kernel/odd");
    std::os::unix::fs::symlink("/proc/self/coredump_filter", odd).unwrap();
    let rehearsed = |name: &str| {
        let knob = Knob::Sysctl(text(name));
        let before = knob.read_under(&tree.root()).unwrap();
        knob.rehearse_under(&tree.root(), &before)
    };
    assert_eq!(rehearsed("kernel.plain"), Ok(()));
    let found = fs::read_to_string("/proc/self/coredump_filter").unwrap();
    let found = found.trim();
    // One whose digits are read as another number.
    fs::write("/proc/self/coredump_filter", "0x33").unwrap();
    let refused = rehearsed("kernel.odd").unwrap_err();
    assert!(
        refused.to_string().contains("is 00000033, which could not"),
        "{refused}"
    );
    fs::write("/proc/self/coredump_filter", format!("0x{found}")).unwrap();
}

#[test]
fn an_interrupt_is_found_by_its_name_or_number() {
    let table = "      CPU0  CPU1\n 24:  1  0  IO-APIC 5-edge eth0-rx-0\n 25:  0  1  IO-APIC 6-edge twin\n \
                 26:  0  1  IO-APIC 7-edge twin";
    let list = "proc/irq/24/smp_affinity_list";
    let tree = Tree::of(&[("proc/interrupts", table), (list, "0-1")]);
    for name in ["eth0-rx-0", "24"] {
        tree.assert_goes_back(&Knob::Interrupt(text(name)), "1", &[(list, "1")]);
    }
    for (name, part) in [("twin", "25, 26"), ("none", "has no interrupt none")] {
        let error = Knob::Interrupt(text(name))
            .read_under(&tree.root())
            .unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn masks_of_queues_go_back_each_to_its_own() {
    let queues = "sys/class/net/eth0/queues";
    let file = |queue: &str| format!("{queues}/{queue}");
    let (one, other, sent) = (
        file("rx-0/rps_cpus"),
        file("rx-1/rps_cpus"),
        file("tx-0/xps_cpus"),
    );
    let tree = Tree::of(&[(&one, "0"), (&other, "3"), (&sent, "1")]);
    let receive = Knob::ReceiveSteering(text("eth0"));
    assert_eq!(receive.read_under(&tree.root()), Ok(text("rx-0=0 rx-1=3")));
    tree.assert_goes_back(&receive, "f", &[(&one, "f"), (&other, "f")]);
    tree.assert_goes_back(&Knob::TransmitSteering(text("eth0")), "2", &[(&sent, "2")]);
}

#[test]
fn queues_that_are_gone_are_told_and_the_others_go_back() {
    let file = "sys/class/net/eth0/queues/rx-0/rps_cpus";
    let tree = Tree::of(&[(file, "f")]);
    let knob = Knob::ReceiveSteering(text("eth0"));
    let error = knob
        .put_back_under(&tree.root(), "rx-0=0 rx-1=3")
        .unwrap_err();
    assert!(error.to_string().contains("there is no rx-1"), "{error}");
    tree.assert(file, "0");
}

#[test]
fn flows_of_all_queues_have_room_in_the_table_of_all() {
    let queue = |number: u32| format!("sys/class/net/eth0/queues/rx-{number}/rps_flow_cnt");
    let (one, two, last) = (queue(0), queue(1), queue(2));
    let total = "proc/sys/net/core/rps_sock_flow_entries";
    let tree = Tree::of(&[(&one, "0"), (&two, "16"), (&last, "0"), (total, "4")]);
    let knob = Knob::FlowSteering(text("eth0"));
    tree.assert_goes_back(
        &knob,
        "1024",
        &[(&one, "1024"), (&last, "1024"), (total, "4096")],
    );
    tree.assert_goes_back(&knob, "0", &[(&two, "0"), (total, "0")]);
    let error = knob.apply_under(&tree.root(), "1000").unwrap_err();
    assert!(error.to_string().contains("power of two"), "{error}");
}

#[test]
fn governors_of_a_list_or_of_all_go_back_each_to_its_own() {
    let file = |number: u32| format!("sys/devices/system/cpu/cpu{number}/cpufreq/scaling_governor");
    let (one, two) = (file(0), file(1));
    let online = "sys/devices/system/cpu/online";
    let tree = Tree::of(&[(online, "0-1"), (&one, "powersave"), (&two, "schedutil")]);
    let all = Knob::Governor(text("all"));
    tree.assert_goes_back(
        &all,
        "performance",
        &[(&one, "performance"), (&two, "performance")],
    );
    tree.assert_goes_back(
        &Knob::Governor(text("1")),
        "performance",
        &[(&one, "powersave")],
    );
    let error = Knob::Governor(text("0-9"))
        .read_under(&tree.root())
        .unwrap_err();
    assert!(
        error.to_string().contains("governor of processors 0-9"),
        "{error}"
    );
}

#[test]
fn states_that_take_too_long_are_disabled_and_enabled_again() {
    let state = |cpu: u32, state: u32, file: &str| {
        format!("sys/devices/system/cpu/cpu{cpu}/cpuidle/state{state}/{file}")
    };
    let mut files = vec![(text("sys/devices/system/cpu/online"), "0-1")];
    for cpu in 0..2 {
        for (number, latency) in [(0, "0"), (1, "2"), (2, "133")] {
            files.push((state(cpu, number, "latency"), latency));
            let was = if (cpu, number) == (1, 1) { "1" } else { "0" };
            files.push((state(cpu, number, "disable"), was));
        }
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let tree = Tree::of(&files);
    let deep = [0, 1].map(|cpu| state(cpu, 2, "disable"));
    let light = [0, 1].map(|cpu| state(cpu, 1, "disable"));
    tree.assert_goes_back(
        &Knob::IdleLimit(text("all")),
        "10",
        &[
            (&deep[0], "1"),
            (&deep[1], "1"),
            (&light[0], "0"),
            (&light[1], "0"),
        ],
    );
    let one = Knob::IdleLimit(text("0"));
    assert_eq!(
        one.read_under(&tree.root()),
        Ok(text("state0=0 state1=0 state2=0"))
    );
    tree.assert_goes_back(
        &one,
        "0",
        &[(&light[0], "1"), (&light[1], "1"), (&deep[1], "0")],
    );
}

#[test]
fn a_host_that_lacks_it_says_so() {
    let tree = Tree::of(&[
        ("sys/devices/system/cpu/online", "0"),
        ("proc/interrupts", "CPU0"),
    ]);
    for (knob, part) in [
        (Knob::Governor(text("all")), "cpu0/cpufreq"),
        (Knob::IdleLimit(text("all")), "no idle states"),
        (Knob::ReceiveSteering(text("eth7")), "eth7"),
        (Knob::Sysctl(text("../x")), "no name of a sysctl"),
        (Knob::Governor(text("some")), "no list of processors"),
    ] {
        let error = knob.may_change_under(&tree.root()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_command_reads_applies_and_reverts() {
    let tree = Tree::of(&[("value", "old")]);
    let file = tree.0.join("value");
    let knob = commands(&file, "printf %s \"$1\" > \"$0\"");
    knob.may_change().unwrap();
    let before = knob.read().unwrap();
    knob.apply("new $(reboot) 'value'").unwrap();
    tree.assert("value", "new $(reboot) 'value'");
    knob.put_back(&before).unwrap();
    tree.assert("value", "old");
}

#[test]
fn a_value_that_is_not_taken_is_told_with_what_is_there() {
    let tree = Tree::of(&[("value", "old")]);
    let knob = commands(&tree.0.join("value"), "true");
    let error = knob.apply("new").unwrap_err();
    let KnobError::NotTaken { wanted, found, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((wanted.as_str(), found.as_str()), ("new", "old"));
    let failing = commands(&tree.0.join("value"), "echo no disk >&2; exit 1");
    let error = failing.apply("new").unwrap_err();
    assert!(error.to_string().contains("sh says: no disk"), "{error}");
}

/// A file that `script` writes: `$0` is the file, `$1` the value.
fn commands(file: &Path, script: &str) -> Knob {
    let file = file.to_string_lossy().into_owned();
    let set = ["sh", "-c", script, &file, "{level}"].map(text).to_vec();
    Knob::Command {
        read: vec![text("cat"), file],
        apply: set.clone(),
        revert: set,
    }
}

#[test]
fn a_person_can_set_it_on_another_host() {
    let file = "sys/class/net/eth0/queues/rx-0/rps_cpus";
    let tree = Tree::of(&[(file, "0")]);
    let root = tree.root();
    let recipe = |knob: Knob, levels: [&str; 2]| knob.recipe_under(&root, levels);
    assert_eq!(
        recipe(Knob::Sysctl(text("net.core.busy_poll")), ["0", "50"]),
        Ok(Recipe::Sysctl(text("net.core.busy_poll")))
    );
    let path = tree.0.join(file);
    let line = |value: &str| format!("echo {value} > {}", path.display());
    assert_eq!(
        recipe(Knob::ReceiveSteering(text("eth0")), ["0", "3"]),
        Ok(Recipe::Shell(vec![line("0"), line("3")]))
    );
    let command = commands(Path::new("/x"), "echo '$1'");
    assert_eq!(
        recipe(command, ["a b", "c"]),
        Ok(Recipe::Shell(vec![
            text(r"sh -c 'echo '\''$1'\''' /x 'a b'"),
            text(r"sh -c 'echo '\''$1'\''' /x c"),
        ]))
    );
}

#[test]
fn a_setting_is_read_from_a_journal_as_it_was_written() {
    let all = [
        Knob::Sysctl(text("net.core.busy_poll")),
        Knob::Ethtool {
            interface: text("eth0"),
            group: EthtoolGroup::Coalesce,
            parameter: text("rx-usecs"),
        },
        commands(Path::new("/x"), "true"),
    ];
    for knob in all {
        let written = serde_json::to_string(&knob).unwrap();
        assert_eq!(serde_json::from_str::<Knob>(&written).unwrap(), knob);
    }
}
