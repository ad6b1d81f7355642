using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;
using GatewayKit.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Tests.Auditing.Personal;

/// <summary>Names of people in records.</summary>
public sealed class PseudonymTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(static i => (byte)i)];

    [Fact]
    public void Pseudonym_is_the_first_half_of_a_keyed_hash_over_parts_with_their_lengths()
    {
        byte[] message = [0, 0, 0, 2, .. "t1"u8, 0, 0, 0, 3, .. "sub"u8, 0, 0, 0, 5, .. "Zo\u00EB!"u8];
        var expected = Base64Url.EncodeToString(HMACSHA256.HashData(Key, message).AsSpan(0, 16));
        Assert.Equal($"2026.{expected}", new PseudonymKey("2026", Key).Make("sub", "Zo\u00EB!", "t1"));
    }

    [Fact]
    public void Texts_that_are_the_same_together_are_not_the_same_in_parts()
    {
        var key = new PseudonymKey("e", Key);
        Assert.Equal(6, new[] { key.Make("ab", "c"), key.Make("a", "bc"), key.Make("a", "c", "b"), key.Make("a", "bc", "x"), key.Make("", "abc"), new PseudonymKey("e", [.. Key.Reverse()]).Make("ab", "c") }.Distinct().Count());
        Assert.Equal(key.Make("a", new string('x', 5000)), key.Make("a", new string('x', 5000)));
    }

    [Theory]
    [InlineData("192.0.2.77", "192.0.2.0")]
    [InlineData("::ffff:192.0.2.77", "192.0.2.0")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1::")]
    [InlineData("fe80::1%3", "fe80::")]
    public void Address_is_cut_to_its_network(string address, string expected)
    {
        var personal = Open(new() { Addresses = RecordedAddress.Network });
        Assert.Equal(expected, personal.AddressText(IPAddress.Parse(address)));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal($"{{\"src\":\"{expected}\"", Write((ref RecordText text) => personal.WriteAddress(ref text, "{\"src\":"u8, IPAddress.Parse(address))));
        }
    }

    [Fact]
    public void Address_and_name_have_pseudonyms_that_do_not_change_and_say_nothing()
    {
        var personal = Open(new() { PseudonymKeys = Keys("2026"), Addresses = RecordedAddress.Network });
        var first = Write((ref RecordText text) => personal.WriteName(ref text, "{\"sub\":"u8, PersonalData.Consumer, "acme"));
        Assert.Equal(first, Write((ref RecordText text) => personal.WriteName(ref text, "{\"sub\":"u8, PersonalData.Consumer, "acme")));
        Assert.Matches("^\\{\"sub\":\"2026\\.[A-Za-z0-9_-]{22}\"$", first);
        Assert.NotEqual(personal.Name(PersonalData.Consumer, "acme"), personal.Name(PersonalData.Application, "acme"));
        Assert.Equal(personal.AddressText(IPAddress.Parse("192.0.2.1")), personal.AddressText(IPAddress.Parse("192.0.2.200")));
        Assert.NotEqual(personal.AddressText(IPAddress.Parse("192.0.2.1")), personal.AddressText(IPAddress.Parse("192.0.3.1")));
    }

    [Fact]
    public void Name_is_written_without_allocating_once_it_is_known()
    {
        var (personal, address, buffer) = (Open(new() { PseudonymKeys = Keys("2026") }), IPAddress.Parse("2001:db8::1"), new byte[1024]);
        void Once()
        {
            var text = new RecordText(buffer);
            personal.WriteName(ref text, ",\"sub\":"u8, PersonalData.Consumer, "acme");
            personal.WriteAddress(ref text, ",\"src\":"u8, address);
        }

        Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            Once();
        }

        // Not 0: the runtime may allocate beside it.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    [Fact]
    public void Epoch_in_use_names_the_pseudonym_and_former_keys_still_find_it()
    {
        var before = Open(new() { PseudonymKeys = Keys("2025") }).Name(PersonalData.Consumer, "acme");
        var after = Open(new() { PseudonymKeys = Keys("2025", "2026"), PseudonymEpoch = "2026" });
        Assert.StartsWith("2026.", after.Name(PersonalData.Consumer, "acme"));
        Assert.Contains(before, after.NamesOf(PersonalData.Consumer, "acme"));
        Assert.Contains("acme", after.NamesOf(PersonalData.Consumer, "acme"));
    }

    [Theory]
    [InlineData("c2hvcnQ=", "no key")]
    [InlineData("not base64, and long enough to be a key otherwise", "no key")]
    [InlineData(null, "no value")]
    public void Key_that_is_none_is_told_without_its_value(string? value, string expected)
    {
        var exception = Assert.Throws<InvalidDataException>(() => PersonalData.Open(new() { PseudonymKeys = Keys("2026") }, Reader(value)));
        Assert.Contains(expected, exception.Message);
        Assert.Contains("PseudonymKeys.2026", exception.Message);
        Assert.False(value is not null && exception.Message.Contains(value, StringComparison.Ordinal));
    }

    [Fact]
    public void Settings_that_contradict_each_other_are_told()
    {
        Assert.Empty(Faults(new() { PseudonymKeys = Keys("2026") }));
        Assert.Contains("which one is in use", Assert.Single(Faults(new() { PseudonymKeys = Keys("a", "b") })));
        Assert.Contains("no key for", Assert.Single(Faults(new() { PseudonymKeys = Keys("a", "b"), PseudonymEpoch = "c" })));
        Assert.Contains("a.b", Assert.Single(Faults(new() { PseudonymKeys = Keys("a.b") })));
    }

    [Fact]
    public void What_was_not_used_lately_is_forgotten_and_what_was_is_not()
    {
        var values = new RecentValues<string, string>(10);
        values.Add("kept", "x");
        for (var i = 0; i < 1_000; i++)
        {
            values.Add(i.ToString(System.Globalization.CultureInfo.InvariantCulture), "y");
            Assert.Equal("x", values.Find("kept"));
            Assert.InRange(values.Count, 1, 11);
        }

        Assert.Null(values.Find("0"));
        Assert.Equal("x", values.Remove("kept"));
        Assert.Null(values.Find("kept"));
    }

    internal static PersonalData Open(PersonalDataOptions options) => PersonalData.Open(options, Reader(Convert.ToBase64String(Key)));

    internal static Dictionary<string, SecretReference> Keys(params string[] epochs) => epochs.ToDictionary(static epoch => epoch, static _ => SecretReference.Parse("config:Pseudonyms:Key"));

    private static IEnumerable<string> Faults(PersonalDataOptions options) => ((IValidatableObject)options).Validate(new(options)).Select(static fault => fault.ErrorMessage!);

    private static SecretReader Reader(string? value) =>
        new(TimeProvider.System, NullLogger<SecretReader>.Instance, new ConfigurationBuilder().AddInMemoryCollection([new("Pseudonyms:Key", value)]).Build());

    private delegate void Writing(ref RecordText text);

    private static string Write(Writing write)
    {
        var buffer = new byte[1024];
        var text = new RecordText(buffer);
        write(ref text);
        return Encoding.ASCII.GetString(buffer, 0, text.End());
    }
}
