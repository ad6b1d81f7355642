using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Clusters.Affinity;

/// <summary>The header that says which destination a session is bound to. An answer that binds has it, and the client sends it from then on.</summary>
public sealed record AffinityHeader
{
    /// <summary>Its name; case is ignored.</summary>
    [Required]
    public required string Name { get; init; }
}
