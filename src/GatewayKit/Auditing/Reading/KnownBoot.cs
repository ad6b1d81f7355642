namespace GatewayKit.Auditing.Reading;

/// <summary>A boot, and what the header of its first segment says.</summary>
/// <param name="Folder">Its files.</param>
/// <param name="Header">The header of the first segment that is there; <see langword="null"/> if that cannot be read or was changed.</param>
internal sealed record KnownBoot(BootFolder Folder, SegmentHeader? Header)
{
    /// <summary>The first segment that is there.</summary>
    public SegmentFiles First => Folder.Segments.First(static segment => segment.File is not null);

    /// <summary>The boots of an instance that have segments, as they followed one another by what they say. One that says nothing stands in front of those that followed it.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<KnownBoot>> OrderAsync(InstanceFolder instance, CancellationToken cancellationToken)
    {
        var all = new List<KnownBoot>();
        foreach (var folder in instance.Boots.Where(static folder => folder.Segments.Any(static segment => segment.File is not null)))
        {
            var boot = new KnownBoot(folder, null);
            var header = await SegmentHeader.ReadAsync(boot.First, cancellationToken).ConfigureAwait(false);
            all.Add(boot with { Header = header is { IsConsistent: true } ? header : null });
        }

        var after = all.Where(static boot => boot.Header is not null).ToLookup(static boot => boot.Header!.PreviousBoot ?? Guid.Empty);
        var ids = all.Select(static boot => boot.Folder.Id).ToHashSet();
        var (ordered, seen) = (new List<KnownBoot>(), new HashSet<Guid>());
        Follow(all.Where(boot => boot.Header is { } header && (header.PreviousBoot is not { } before || !ids.Contains(before))).OrderBy(static boot => boot.Header!.Time));
        Follow(all.Where(static boot => boot.Header is null));

        // Those that lead to one another.
        Follow(all);
        return ordered;

        void Follow(IEnumerable<KnownBoot> starts)
        {
            var next = new Stack<KnownBoot>(starts.Reverse());
            while (next.TryPop(out var boot))
            {
                if (seen.Add(boot.Folder.Id))
                {
                    ordered.Add(boot);
                    foreach (var follower in after[boot.Folder.Id].OrderByDescending(static one => one.Header!.Time))
                    {
                        next.Push(follower);
                    }
                }
            }
        }
    }
}
