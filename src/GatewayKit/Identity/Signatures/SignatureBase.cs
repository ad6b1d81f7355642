using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.Signatures;

/// <summary>The text that is signed (RFC 9421 §2.5): one line for each component, the parameters as the last.</summary>
internal static class SignatureBase
{
    /// <summary>Makes the text.</summary>
    /// <param name="message">What is signed.</param>
    /// <param name="parameters">What of it.</param>
    /// <param name="text">The text, of ASCII characters.</param>
    /// <param name="problem">Why there is none, without a value of the message.</param>
    /// <returns>Whether every component has exactly one value.</returns>
    public static bool TryCreate(ISignedMessage message, SignatureParameters parameters, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? problem)
    {
        var lines = new StringBuilder();
        QueryParameters? query = null;
        foreach (var component in parameters.Components)
        {
            problem = Append(lines, component, message, ref query);
            if (problem is not null)
            {
                text = null;
                return false;
            }
        }

        text = lines.Append("\"@signature-params\": ").Append(parameters.Text).ToString();
        problem = null;
        return true;
    }

    private static string? Append(StringBuilder lines, SignatureComponent component, ISignedMessage message, ref QueryParameters? query)
    {
        if (component.OtherParameters.FirstOrDefault() is { } other)
        {
            return $"{component} has the parameter '{other}', which is not supported.";
        }

        var value = component.IsDerived ? DerivedComponents.ValueOf(component, message, ref query) : ValueOf(component, message);
        if (value is null)
        {
            return $"{component} is not in the message, or not in a form that can be signed.";
        }

        // A line break would add a line that nobody signed (RFC 9421 §7.5.5), and what is not ASCII has several forms as bytes.
        if (value.AsSpan().ContainsAnyExceptInRange('\t', '~') || value.AsSpan().ContainsAny('\r', '\n'))
        {
            return $"{component} has a value with a character that cannot be signed.";
        }

        lines.Append(component.Identifier).Append(": ").Append(value).Append('\n');
        return null;
    }

    private static string? ValueOf(SignatureComponent component, ISignedMessage message)
    {
        var lines = message.Field(component.Name);
        if (lines.Count == 0 || component.ParameterName is not null || (component.IsBytes && (component.IsStructured || component.Key is not null)))
        {
            return null;
        }

        var combined = Join(lines, component.IsBytes);
        return component.Key is { } key ? MemberOf(combined, key)
            : component.IsStructured ? Structured(component.Name, combined)
            : combined;
    }

    private static string? Join(StringValues lines, bool asBytes)
    {
        var joined = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = (lines[i] ?? string.Empty).Trim(' ', '\t');
            if (i > 0)
            {
                joined.Append(", ");
            }

            if (!asBytes)
            {
                joined.Append(line);
            }
            else if (Ascii.IsValid(line))
            {
                joined.Append(StructuredFieldWriter.Write(new(Encoding.ASCII.GetBytes(line))));
            }
            else
            {
                return null;
            }
        }

        return joined.ToString();
    }

    private static string? MemberOf(string? field, string key)
    {
        foreach (var (name, member) in StructuredFieldReader.ReadDictionary(field) ?? [])
        {
            if (name == key)
            {
                return StructuredFieldWriter.Write(member);
            }
        }

        return null;
    }

    // Which kind of structure a field has nobody can tell from its value: those that signatures are about are known.
    private static string? Structured(string name, string? field) => name is "content-digest" or "repr-digest" or "want-content-digest" or "signature" or "signature-input" or "priority" or "cache-control"
        ? StructuredFieldReader.ReadDictionary(field) is { Count: > 0 } members ? string.Join(", ", members.Select(static member => StructuredFieldWriter.Write(member.Key, member.Value))) : null
        : null;
}
