namespace GatewayKit.Auditing.Journal;

/// <summary>Which journal this is, and what came before it.</summary>
/// <param name="Directory">The directory of all instances.</param>
/// <param name="Instance">The instance.</param>
/// <param name="Id">The id of this boot of it.</param>
/// <param name="Previous">The id of the boot before; <see langword="null"/> if there is none.</param>
/// <param name="PreviousHash">The last hash of the boot before; empty if there is none.</param>
internal sealed record JournalBoot(string Directory, string Instance, Guid Id, Guid? Previous = null, ReadOnlyMemory<byte> PreviousHash = default)
{
    /// <summary>What the chain begins with.</summary>
    public byte[] Genesis() => HashChain.Genesis(Instance, Id, PreviousHash.Span);
}
