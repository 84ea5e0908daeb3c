/** First names, as people write them. Usernames are made of them, so each stands here once. */
export const FIRST_NAMES: readonly string[] = words(`
  Aaron Abby Abdul Ada Adam Adrian Agnes Ahmed Aisha Alan Albert Alejandro Alex Alice Alicia Alina Alma Amara Amelia Amin
  Amy Ana Anders Andrea Andrew Angela Anika Anil Anita Anna Anton Arjun Arthur Asha Astrid Aurora Ava Axel Barbara Beatrice
  Ben Bianca Bilal Björn Boris Brenda Brian Bruno Camila Carla Carlos Carmen Caroline Cecilia Chen Chiara Chloé Chris Clara
  Claire Clement Colin Connor Daisy Dana Daniel Daria David Deborah Denise Derek Diana Diego Dmitri Dora Doris
  Dylan Edgar Edith Eduardo Edward Ekaterina Elena Eli Elias Elin Ella Elsa Emil Emily Emma Enzo Eric Erika Esther Ethan Eva
  Evan Ezra Fatima Felix Fiona Florence Frank Freya Frida Gabriel George Georgia Giulia Grace Greta Guido Gustav Hana Hannah
  Harold Harriet Hassan Hector Heidi Helen Henrik Henry Hiro Hugo Ian Ibrahim Ida Igor Ines Ingrid Irene Iris Isaac Isabel
  Ivan Ivy Jack Jacob Jamal Jane Jasmine Javier Jean Jenna Jonas Joan John Jorge José Joseph Josie Juan Judith Julia Julian
  Kai Karen Karim Karl Kate Keiko Kevin Khalid Kira Klaus Lara Lars Laura Layla Lea Leila Leo Leon Lexi Liam Lila Lily Linda
  Lisa Louis Lucas Lucia Luis Luna Lydia Magnus Maja Malik Marco Margaret Maria Marie Mark Marta Martin Mary Mateo Matilda
  Max Maya Mei Mia Michael Miguel Mila Mina Mohammed Monica Nadia Naomi Natalie Nathan Neha Nia Nicolas Nina Noah Noor Nora
  Olga Oliver Olivia Omar Oscar Pablo Patricia Paul Pedro Penny Peter Petra Philip Pia Priya Quentin Rachel Rafael Rahul Raj
  Ravi Rebecca Renée Richard Rita Robert Rosa Rose Ruben Ruth Ryan Sally Sam Samira Sandra Sara Sean Sebastian Selma Sergio
  Sofia Stella Stephen Sunita Susan Svetlana Tariq Tessa Thomas Tim Tina Tomás Umar Uma Ursula Valeria Vera Victor Vikram
  Vincent Walter Wanda Wei William Xavier Yara Yasmin Yuki Yusuf Zara Zoë`)

export const SURNAMES: readonly string[] = words(`
  Adams Ahmadi Andersen Bailey Baker Banerjee Barnes Becker Bell Bennett Bergström Bianchi Boateng Brooks Brown Campbell
  Carter Castro Chan Chavez Clarke Cohen Collins Cooper Costa Cruz Dahl Das Davies Delgado Desai Diallo Dubois Dvořák Edwards
  Eriksson Evans Farouk Fernández Fischer Fletcher Foster Fraser Garcia Gibson Gomez Graham Green Gupta Haddad Hall Hansen
  Harris Hayes Hernandez Hoffmann Holm Hughes Hussain Ito Ivanova Jackson Jansen Jensen Johansson Jones Joshi Kaplan Kaur
  Kelly Khan Kim Klein Kovač Kumar Lambert Larsen Laurent Lee Lewis Lindqvist Lopez Martin Mendes Meyer Miller Mitchell
  Morales Moreau Morgan Müller Murphy Nakamura Navarro Nguyen Novak Nuñez O'Brien O'Connor Okafor Olsen Osman Owens Park
  Patel Pereira Petrov Popescu Price Quinn Ramos Reed Reyes Ricci Rivera Roberts Romano Rossi Russell Sanders Santos Sato
  Schmidt Schneider Scott Sharma Silva Singh Smith Sørensen Stewart Suzuki Tanaka Taylor Thompson Torres Turner Varga Vasquez
  Wagner Walker Wallace Ward Watson Weber White Williams Wilson Wong Wright Yamamoto Yilmaz Young Zhang Zimmermann`)

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
