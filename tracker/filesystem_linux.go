package tracker

import "golang.org/x/sys/unix"

// FileSystem names the file system that a folder is on, "" where its name is not
// known, and says whether it is one of a network, where no store can be.
func FileSystem(folder string) (name string, network bool) {
	var st unix.Statfs_t
	if unix.Statfs(folder, &st) != nil {
		return "", false
	}
	if name, network = networkMagic[uint32(st.Type)]; network {
		return name, true
	}
	return localMagic[uint32(st.Type)], false
}

// networkFileSystem names the network file system that a folder is on, "" where
// it is on none that is known to be one.
func networkFileSystem(folder string) string {
	if name, network := FileSystem(folder); network {
		return name
	}
	return ""
}

var localMagic = map[uint32]string{
	unix.BTRFS_SUPER_MAGIC:     "Btrfs",
	unix.EXT4_SUPER_MAGIC:      "ext4",
	unix.OVERLAYFS_SUPER_MAGIC: "overlay",
	unix.TMPFS_MAGIC:           "tmpfs",
	unix.XFS_SUPER_MAGIC:       "XFS",
	0x2fc12fc1:                 "ZFS",
}

var networkMagic = map[uint32]string{
	unix.NFS_SUPER_MAGIC:   "NFS",
	unix.SMB_SUPER_MAGIC:   "SMB",
	unix.SMB2_SUPER_MAGIC:  "SMB",
	unix.CIFS_SUPER_MAGIC:  "CIFS",
	unix.AFS_SUPER_MAGIC:   "AFS",
	unix.CEPH_SUPER_MAGIC:  "Ceph",
	unix.CODA_SUPER_MAGIC:  "Coda",
	unix.NCP_SUPER_MAGIC:   "NCP",
	unix.V9FS_MAGIC:        "9P",
	unix.OCFS2_SUPER_MAGIC: "OCFS2",
	0x0bd00bd0:             "Lustre",
	0x47504653:             "GPFS",
	0x19830326:             "BeeGFS",
	0x01161970:             "GFS2",
}
