namespace GatewayKit.Pipeline;

/// <summary>The names of one family of forwarding fields.</summary>
internal sealed record ForwardedNames(string For, string Proto, string Host, string Prefix)
{
    public static ForwardedNames Default { get; } = StartingWith("X-Forwarded-");

    public static ForwardedNames StartingWith(string prefix) => new($"{prefix}For", $"{prefix}Proto", $"{prefix}Host", $"{prefix}Prefix");
}

/// <summary>What a trusted peer says of the hops before it.</summary>
internal readonly record struct ForwardedValues(string? For, string? Proto, string? Host, string? Prefix);
