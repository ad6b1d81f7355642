using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Secrets;

/// <summary>
/// Where a secret is: <c>env:NAME</c>, <c>file:PATH</c> or <c>config:Section:Key</c>. It has the place and never the value, so that it may be printed, compared and
/// written. A secret in plain text is refused.
/// </summary>
public sealed record SecretReference : IParsable<SecretReference>
{
    private const string Forms =
        "Write where the secret is: \"env:NAME\" (an environment variable), \"file:PATH\" (a file, such as /run/secrets/key) or \"config:Section:Key\" (a key of the host's configuration, such as a user secret).";

    private SecretReference(SecretPlace place, string name) => (Place, Name) = (place, name);

    /// <summary>The kind of the place.</summary>
    public SecretPlace Place { get; }

    /// <summary>The name of the variable, the path of the file or the key in the configuration.</summary>
    public string Name { get; }

    /// <summary>Reads <c>env:NAME</c>, <c>file:PATH</c> or <c>config:Section:Key</c>.</summary>
    /// <exception cref="FormatException">It is none of these. The message does not have the text, which could be the secret itself.</exception>
    public static SecretReference Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var result) ? result : throw new FormatException($"is no reference to a secret; a secret does not stand in a configuration as it is. {Forms}");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out SecretReference result)
    {
        result = s?.Split(':', 2) switch
        {
            ["env", var name] when IsVariable(name) => new(SecretPlace.Environment, name),
            ["file", { Length: > 0 } path] when path.IndexOf('\0', StringComparison.Ordinal) < 0 && path == path.Trim() => new(SecretPlace.File, path),
            ["config", { Length: > 0 } key] when key == key.Trim() && !key.Split(':').Contains(string.Empty) => new(SecretPlace.Configuration, key),
            _ => null,
        };
        return result is not null;
    }

    /// <summary>Reads the secret, for what is made once and uses it from then on, such as a sink of audit records. Where there is none yet it is looked for while it is used.</summary>
    /// <param name="services">The services of a host that has called <c>AddApiGateway()</c>.</param>
    /// <returns>The secret in use: one for all who ask for the same reference.</returns>
    /// <exception cref="InvalidOperationException">The host has not called it.</exception>
    public Secret Open(IServiceProvider services) => services.GetRequiredService<SecretReader>().Open(this);

    /// <summary>The reference, as it is parsed.</summary>
    public override string ToString() => Place switch
    {
        SecretPlace.Environment => $"env:{Name}",
        SecretPlace.File => $"file:{Name}",
        _ => $"config:{Name}",
    };

    private static bool IsVariable(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_');
}

/// <summary>What a secret is kept in.</summary>
public enum SecretPlace
{
    /// <summary>A variable of the process's environment.</summary>
    Environment,

    /// <summary>A file of at most 64 KiB; one line end at its end is not part of the secret. Relative paths are below the content root.</summary>
    File,

    /// <summary>A key of the host's configuration.</summary>
    Configuration,
}
