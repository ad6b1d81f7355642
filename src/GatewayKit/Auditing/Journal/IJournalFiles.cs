namespace GatewayKit.Auditing.Journal;

/// <summary>The files of a journal, so that a test can be a disk that is full, slow or broken. What fails throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
internal interface IJournalFiles
{
    /// <summary>Makes a directory that only its owner writes and its group reads, with those above it.</summary>
    void CreateDirectory(string path);

    /// <summary>Makes a file that does not exist yet.</summary>
    /// <param name="path">Where.</param>
    /// <param name="room">For how many bytes the file system sets room aside.</param>
    IJournalFile Create(string path, long room = 0);

    /// <summary>Opens a file that exists, for writing.</summary>
    IJournalFile Open(string path);

    /// <summary>Opens a file that nobody writes any more, so that the disk can be told to keep it: it may be protected against being written.</summary>
    IJournalFile OpenToSync(string path);

    /// <summary>Opens a file, or makes it, that nobody else can open as long as this one is open.</summary>
    IDisposable Lock(string path);

    /// <summary>Renames a file within its file system.</summary>
    void Move(string from, string to, bool overwrite = false);

    /// <summary>Deletes a file that may not be there.</summary>
    void Delete(string path);

    /// <summary>What the file system of a directory is called, such as <c>ext4</c>; <see langword="null"/> if nobody says.</summary>
    string? FileSystemOf(string directory);

    /// <summary>Has the disk keep which files a directory holds.</summary>
    void SyncDirectory(string path);

    /// <summary>Opens a directory, so that the disk can be told later, when perhaps no file can be opened any more, to keep which files it holds.</summary>
    IJournalDirectory OpenDirectory(string path);
}

/// <summary>A directory of a journal.</summary>
internal interface IJournalDirectory : IDisposable
{
    /// <summary>Has the disk keep which files it holds.</summary>
    void Sync();
}

/// <summary>A file of a journal. One thread writes, another may sync.</summary>
internal interface IJournalFile : IDisposable
{
    /// <summary>Writes all bytes, or throws after any part of them.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Has the disk keep what was written. After it has failed it is not called again: the failure is told once, and the bytes may be gone.</summary>
    void Sync();

    /// <summary>Cuts the file off.</summary>
    void Truncate(long length);
}
