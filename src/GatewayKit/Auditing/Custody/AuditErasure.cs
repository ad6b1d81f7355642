namespace GatewayKit.Auditing.Custody;

/// <summary>What came of an erasure.</summary>
/// <param name="Keys">The ids of the keys that were erased; empty if there were none.</param>
/// <param name="Holds">The ids of the holds because of which nothing was erased.</param>
public sealed record AuditErasure(IReadOnlyList<string> Keys, IReadOnlyList<string> Holds)
{
    /// <summary>Whether nobody can read the personal parts any more.</summary>
    public bool IsErased => Holds.Count is 0;
}
