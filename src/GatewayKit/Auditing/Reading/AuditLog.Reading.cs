namespace GatewayKit.Auditing.Reading;

public sealed partial class AuditLog
{
    /// <summary>Reads a page of accesses. Recorded by a log that records, as <c>audit.read</c>, with what was asked for and how many entries were told.</summary>
    /// <param name="query">What is asked for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">A part of the query is out of its range, or cannot be answered: an outcome that there is not, an instance that is not there, a time that ends before it begins.</exception>
    /// <exception cref="FormatException">The cursor is none.</exception>
    /// <exception cref="InvalidDataException">A compressed segment is damaged.</exception>
    /// <exception cref="IOException">A file cannot be read, or the reading cannot be recorded.</exception>
    public async Task<AuditPage> QueryAsync(AuditQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.CheckPages();
        var folder = JournalFolder.Read(_directories);
        query.CheckFilters(folder);
        var (reader, personal) = (new EntryReader(folder, query), new PersonalParts(query.PersonalData));
        var (entries, next) = (new List<AuditEntry>(), (string?)null);
        await foreach (var (entry, cursor) in reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (entries.Count == query.PageSize)
            {
                break;
            }

            entries.Add(await personal.RevealAsync(entry, cancellationToken).ConfigureAwait(false));
            next = cursor.ToString();
        }

        // A page that is full may be the last one, and its cursor then leads to an empty one.
        next = entries.Count == query.PageSize ? next : null;
        if (_recorder is { } recorder)
        {
            await recorder.RecordAsync("audit.read", query, json => json.WriteNumber("count"u8, entries.Count)).ConfigureAwait(false);
        }

        return new(entries, next) { HasConcealed = reader.HasConcealed, Unread = personal.Unread };
    }

    /// <summary>
    /// Writes all accesses that are asked for. Recorded by a log that records, as <c>audit.exported</c> before the first byte is written, with what was asked for, and again at the end, with how many they were.
    /// </summary>
    /// <param name="query">What is asked for; cursor and size of pages do not matter.</param>
    /// <param name="format">The form.</param>
    /// <param name="output">Where to. It is not disposed.</param>
    /// <param name="proofs">A folder for a bundle of proofs. Default none. With it, the numbers of all exported lines are kept in memory.</param>
    /// <param name="progress">Is told how many entries were written, every 10,000.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">There is no such form, or the query cannot be answered.</exception>
    /// <exception cref="InvalidDataException">A compressed segment is damaged, or a checkpoint that should prove lines is not signed by a key of their instance.</exception>
    /// <exception cref="IOException">A file cannot be read or written, or the reading cannot be recorded.</exception>
    public async Task<AuditExport> ExportAsync(
        AuditQuery query, AuditExportFormat format, Stream output, string? proofs = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(output);
        const int Step = 10_000;
        var all = query with { Cursor = null };
        var folder = JournalFolder.Read(_directories);
        all.CheckFilters(folder);
        var buffered = new BufferedStream(output, 64 << 10);
        var writer = EntryWriter.Create(format, buffered);
        if (_recorder is { } recorder)
        {
            await recorder.RecordAsync("audit.exported", all, json => json.WriteString("format"u8, format.ToString())).ConfigureAwait(false);
        }

        var (reader, personal) = (new EntryReader(folder, all), new PersonalParts(query.PersonalData));
        var (bundle, count) = (proofs is null ? null : new ProofBundle(folder, proofs), 0L);
        await writer.BeginAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var (entry, _) in reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            await writer.WriteAsync(await personal.RevealAsync(entry, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            bundle?.Add(entry);
            if (++count % Step is 0)
            {
                progress?.Report(count);
            }
        }

        await buffered.FlushAsync(cancellationToken).ConfigureAwait(false);
        var (proved, unproved) = bundle is null ? (0, 0) : await bundle.WriteAsync(cancellationToken).ConfigureAwait(false);
        if (_recorder is { } done)
        {
            await done.RecordAsync("audit.exported", all, json => json.WriteNumber("count"u8, count)).ConfigureAwait(false);
        }

        return new(count, proved, unproved) { HasConcealed = reader.HasConcealed, Unread = personal.Unread };
    }

    /// <summary>Proves lines to whoever has the public key only. Recorded by a log that records, as <c>audit.read</c>.</summary>
    /// <param name="query">Which accesses: the lines of each are proved, of at most <see cref="AuditQuery.PageSize"/> of them.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>A proof for each line that a checkpoint covers; those that none covers yet are not among them.</returns>
    /// <exception cref="ArgumentException">A part of the query is out of its range, or cannot be answered: an outcome that there is not, an instance that is not there, a time that ends before it begins.</exception>
    /// <exception cref="KeyNotFoundException">No access is what is asked for: there is nothing to prove.</exception>
    /// <exception cref="InvalidDataException">A compressed segment is damaged, or a checkpoint that should prove lines is not signed by a key of their instance.</exception>
    /// <exception cref="IOException">A file cannot be read, or the reading cannot be recorded.</exception>
    public async Task<IReadOnlyList<AuditProof>> ProveAsync(AuditQuery query, CancellationToken cancellationToken = default)
    {
        var page = await QueryAsync(query, cancellationToken).ConfigureAwait(false);
        if (page.Entries.Count is 0 && query.Cursor is null)
        {
            throw new KeyNotFoundException($"The journal has no access {(query.RequestId is { } id ? $"with the request id '{id}'" : "that is asked for")}: there is nothing to prove.");
        }

        var (folder, proofs) = (JournalFolder.Read(_directories), new List<AuditProof>());
        using var signatures = new SignatureCheck(AuditKeys.Of(folder));
        var lines = page.Entries.SelectMany(static entry => ((AuditLine?[])[entry.Begin, entry.End]).OfType<AuditLine>().Select(line => (entry.Instance, entry.Boot, Line: line)));
        foreach (var segment in lines.GroupBy(static one => (one.Instance, one.Boot, one.Line.Segment)))
        {
            var files = folder.Instances.First(one => one.Name == segment.Key.Instance).Boots.First(one => one.Id == segment.Key.Boot).Segments.First(one => one.Number == segment.Key.Segment);
            if (await SegmentProofs.ReadAsync(files, segment.Key.Instance, segment.Key.Boot, signatures, cancellationToken).ConfigureAwait(false) is { } all)
            {
                proofs.AddRange(segment.Select(one => all.Prove(one.Line)).OfType<AuditProof>());
            }
        }

        return proofs;
    }
}
