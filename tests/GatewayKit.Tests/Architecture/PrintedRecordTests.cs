using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.Tests.Architecture;

/// <summary>Records print all that they have, unless they say otherwise: what nobody may read must not be in what lands in a log.</summary>
public sealed class PrintedRecordTests
{
    private static readonly string[] Guarded = ["Secret", "Password", "Token", "Assertion"];

    [Fact]
    public void Records_with_secrets_or_hashes_say_themselves_what_they_print()
    {
        var talkative =
            from type in typeof(GatewayBuilder).Assembly.GetTypes()
            where type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic, [typeof(StringBuilder)]) is { } print && IsMadeByTheCompiler(print)
                && IsMadeByTheCompiler(type.GetMethod(nameof(ToString), [])!)
            from property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            where (property.PropertyType == typeof(string) || property.PropertyType == typeof(byte[]) || property.PropertyType == typeof(ReadOnlyMemory<byte>))
                && (Guarded.Any(name => property.Name.EndsWith(name, StringComparison.Ordinal)) || (property.Name.EndsWith("Hash", StringComparison.Ordinal) && IsOfCredentials(type)))
            select $"{type}.{property.Name}";
        Assert.Empty(talkative);
    }

    [Fact]
    public void Key_of_a_consumer_prints_its_id_and_not_its_hash()
    {
        var stored = ApiKey.Create().ToStored();
        foreach (var text in new[] { $"{stored}", $"{new Consumer { Id = "acme", Keys = [stored] }}" })
        {
            Assert.DoesNotContain(stored.Hash, text, StringComparison.Ordinal);
        }

        Assert.Contains(stored.Id, $"{stored}", StringComparison.Ordinal);
    }

    // Elsewhere what is hashed is public, such as a certificate.
    private static bool IsOfCredentials(Type type) => type.Namespace == typeof(ConsumerKey).Namespace || type.Namespace == typeof(ApiKey).Namespace;

    private static bool IsMadeByTheCompiler(MethodInfo method) => method.IsDefined(typeof(CompilerGeneratedAttribute));
}
