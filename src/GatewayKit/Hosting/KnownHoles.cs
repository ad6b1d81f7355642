namespace GatewayKit.Hosting;

/// <summary>
/// Releases of .NET 10 that closed holes which concern a server that faces strangers, by their release notes (dotnet/core). A newer release
/// may know more: this list is as old as the package.
/// </summary>
internal static class KnownHoles
{
    /// <summary>The first release without the hole of data protection, CVE-2026-40372: forged cookies pass.</summary>
    public static readonly Version DataProtectionFixed = new(10, 0, 7);

    private static readonly (Version Fixed, string Advisories)[] Table =
    [
        (new(10, 0, 3), "CVE-2026-21218"),
        (new(10, 0, 4), "CVE-2026-26127, CVE-2026-26130, CVE-2026-26131"),
        (new(10, 0, 8), "CVE-2026-42899"),
        (new(10, 0, 9), "CVE-2026-45591"),
        (new(10, 0, 10), "CVE-2026-47302, CVE-2026-50524, CVE-2026-50651, CVE-2026-57108 and others of July 2026"),
        (new(10, 0, 11), "CVE-2026-62897, CVE-2026-62901, CVE-2026-70354 and others of August 2026"),
        (new(10, 0, 12), "CVE-2026-69439, CVE-2026-71328 and others of September 2026"),
    ];

    /// <summary>The first release that closed all of them.</summary>
    public static Version Minimum => Table[^1].Fixed;

    /// <summary>What a version lacks; empty if nothing. Later major versions have lists of their own.</summary>
    public static string In(Version runtime) =>
        runtime.Major != Minimum.Major ? string.Empty : string.Join("; ", Table.Where(hole => runtime < hole.Fixed).Select(static hole => $"{hole.Fixed}: {hole.Advisories}"));
}
