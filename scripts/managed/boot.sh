#!/usr/bin/env bash
# Becomes a systemd that runs a copy of this machine, for scripts/units: `boot.sh group WORK program FILE`,
# with that program and its units in place, or `boot.sh group WORK package FILE`, with nothing but a Debian
# package to install. It is the first process of namespaces of its own (mounts, processes, network, names,
# messages).
#
# The machine below is only read: whatever happens in the copy happens to a layer in memory. What of the
# kernel belongs to no namespace cannot be written to from in there (/sys, /proc/sys).
set -euo pipefail

# A control group of its own, in which systemd finds itself at the top.
group() {
    local work=$1 kind=$2 file=$3 number
    # As the processes outside know it: their /proc is still in place.
    read -r number _ </proc/self/stat
    mount -t cgroup2 none "$work/groups"
    mkdir "$work/groups/echo-reactor-units.$number"
    echo "$number" >"$work/init"
    echo 0 >"$work/groups/echo-reactor-units.$number/cgroup.procs"
    exec unshare --cgroup bash "${BASH_SOURCE[0]}" machine "$work" "$kind" "$file"
}

machine() {
    local work=$1 kind=$2 file=$3 layer=$1/layer name
    mount -t tmpfs none "$layer"
    mkdir "$layer/upper" "$layer/work" "$layer/root"
    local root=$layer/root
    mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$root"
    strip "$root"
    "install_$kind" "$root" "$file"

    mount -t proc proc "$root/proc"
    for name in sys sysrq-trigger; do
        [[ -e $root/proc/$name ]] || continue
        mount --bind "$root/proc/$name" "$root/proc/$name"
        mount -o remount,bind,ro "$root/proc/$name"
    done
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for name in null zero full random urandom tty; do
        touch "$root/dev/$name"
        mount --bind "/dev/$name" "$root/dev/$name"
    done
    mkdir "$root/dev/shm" "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"

    cd "$root"
    mkdir -p mnt
    pivot_root . mnt
    umount --lazy /mnt
    # What systemd mounts on behalf of a service (its credentials) comes to the service.
    mount --make-rshared /
    # It tells it that it is not alone on this kernel.
    exec env -i container=echo-reactor-units PATH=/usr/bin:/usr/sbin:/bin:/sbin \
        /lib/systemd/systemd --system --unit=basic.target --show-status=no
}

# Nothing is left to run but what keeps the journal.
strip() {
    local root=$1 units=$1/usr/lib/systemd/system unit
    rm -rf "$root/etc/systemd" "$root/run/systemd" "$root/usr/local/lib/systemd" \
        "$root/usr/lib/systemd/system-generators" "$units"/*.target.wants
    mkdir -p "$root/etc/systemd/system/sysinit.target.wants"
    for unit in systemd-journald.service systemd-journald.socket; do
        ln -s "/usr/lib/systemd/system/$unit" "$root/etc/systemd/system/sysinit.target.wants/"
    done
    ln -s /dev/null "$root/etc/systemd/system/systemd-journald-audit.socket"
    printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' >"$root/etc/systemd/journald.conf"
    : >"$root/etc/fstab"
    # Not those of a package that may be installed here.
    rm -f "$units"/echo-reactor.* "$root/usr/bin/echo-reactor"
    # An image for containers has one that keeps packages from all services.
    rm -f "$root/usr/sbin/policy-rc.d"
}

install_program() {
    local root=$1 program=$2
    install -m 644 scripts/systemd/echo-reactor.* "$root/usr/lib/systemd/system"
    install -m 755 "$program" "$root/usr/bin/echo-reactor"
}

install_package() {
    local root=$1 package=$2
    install -D -m 644 "$package" "$root/var/tmp/echo-reactor.deb"
}

"$@"
